class Counter:
    _making = threading.Lock()

    def __init__(self):
        self.value = 0
        self._own = None

    def _lock(self):
        with Counter._making:
            if self._own is None:
                self._own = threading.Lock()
            return self._own

    def increment(self, by=1):
        with self._lock():
            self.value += by
