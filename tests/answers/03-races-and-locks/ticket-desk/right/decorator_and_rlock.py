def locked(method):
    """A method that only one thread at a time may be in, for each object."""

    def inner(self, *args, **kwargs):
        with self.lock:
            return method(self, *args, **kwargs)

    return inner


class TicketDesk:
    def __init__(self, seats):
        self.lock = threading.RLock()
        self.left = seats

    @locked
    def has(self, n):
        return self.left >= n

    @locked
    def sell(self, n=1):
        sold = self.has(n)
        self.left -= n * sold
        return sold
