# fails: counter-all-counted
# mistake: timeout-ignored
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        self._lock.acquire(timeout=1)
        self.value += by
        if self._lock.locked():
            self._lock.release()
