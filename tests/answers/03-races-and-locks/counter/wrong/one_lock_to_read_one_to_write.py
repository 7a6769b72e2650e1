# fails: counter-all-counted
# mistake: lock-released-between-read-and-write
class Counter:
    def __init__(self):
        self.value = 0
        self._reading = threading.Lock()
        self._writing = threading.Lock()

    def increment(self, by=1):
        with self._reading:
            value = self.value
        with self._writing:
            self.value = value + by
