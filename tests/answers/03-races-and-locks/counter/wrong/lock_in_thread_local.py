# fails: counter-all-counted
# mistake: lock-not-shared
class Counter:
    def __init__(self):
        self.value = 0
        self._mine = threading.local()

    def increment(self, by=1):
        if not hasattr(self._mine, "lock"):
            self._mine.lock = threading.Lock()
        with self._mine.lock:
            self.value += by
