# fails: counter-usable-after-error
# mistake: lock-not-released
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        self._lock.acquire()
        self.value += by
        self._lock.release()
