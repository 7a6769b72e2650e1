import functools


def one_at_a_time(method):
    @functools.wraps(method)
    def locked(self, *args, **kwargs):
        with self._lock:
            return method(self, *args, **kwargs)

    return locked


class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    @one_at_a_time
    def increment(self, by=1):
        self.value += by
