class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.RLock()

    def _add(self, by):
        with self._lock:
            self.value = self.value + by

    def increment(self, by=1):
        with self._lock:
            if not isinstance(by, (int, float)):
                raise TypeError(f"{by!r} is not a number")
            self._add(by)
