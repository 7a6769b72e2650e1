class Counter:
    def __init__(self):
        self.value = 0
        self._changed = threading.Condition()

    def increment(self, by=1):
        with self._changed:
            self.value += by
            self._changed.notify_all()
