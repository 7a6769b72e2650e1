# fails: counter-all-counted
# mistake: timeout-ignored
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        mine = self._lock.acquire(blocking=False)
        self.value += by
        if mine:
            self._lock.release()
