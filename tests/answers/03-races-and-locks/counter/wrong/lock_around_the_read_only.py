# fails: counter-all-counted
# mistake: lock-released-between-read-and-write
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        with self._lock:
            old = self.value
        self.value = old + by
