# fails: counter-all-counted
# mistake: limit-not-enforced
class Counter:
    def __init__(self):
        self.value = 0
        self._gate = threading.Semaphore(2)

    def increment(self, by=1):
        with self._gate:
            self.value += by
