# fails: counter-all-counted
# mistake: lock-not-shared
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = None

    def increment(self, by=1):
        if self._lock is None:
            self._lock = threading.Lock()
        with self._lock:
            self.value += by
