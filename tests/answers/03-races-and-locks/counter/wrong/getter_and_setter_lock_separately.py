# fails: counter-all-counted
# mistake: lock-released-between-read-and-write
class Counter:
    def __init__(self):
        self._lock = threading.Lock()
        self._value = 0

    @property
    def value(self):
        with self._lock:
            return self._value

    @value.setter
    def value(self, new):
        with self._lock:
            self._value = new

    def increment(self, by=1):
        self.value += by
