# fails: counter-usable-after-error
# mistake: lock-not-released
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        self._lock.acquire()
        if not isinstance(by, (int, float)):
            raise TypeError("not a number")
        try:
            self.value += by
        finally:
            self._lock.release()
