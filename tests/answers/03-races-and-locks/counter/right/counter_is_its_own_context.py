class Counter:
    """A lock with a value: the counter is itself a lock that one enters."""

    def __init__(self):
        self.value = 0
        self._mutex = threading.Lock()

    def __enter__(self):
        self._mutex.acquire()
        return self

    def __exit__(self, *error):
        self._mutex.release()

    def increment(self, by=1):
        with self as counter:
            counter.value = counter.value + by
