# fails: counter-all-counted
# mistake: self-deadlock
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def _add(self, by):
        with self._lock:
            self.value += by

    def increment(self, by=1):
        with self._lock:
            if not isinstance(by, int):
                raise TypeError("not a number")
            self._add(by)
