import queue


class BoundedBuffer(queue.Queue):
    """What the standard library has for this."""
