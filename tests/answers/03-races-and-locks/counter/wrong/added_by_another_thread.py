# fails: counter-all-counted
# mistake: not-joined
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def _add(self, by):
        with self._lock:
            self.value += by

    def increment(self, by=1):
        if not isinstance(by, int):
            raise TypeError("not a number")
        threading.Thread(target=self._add, args=(by,)).start()
