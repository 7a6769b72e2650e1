class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        self._lock.acquire()
        try:
            total = self.value + by
        except TypeError:
            self._lock.release()
            raise
        self.value = total
        self._lock.release()
