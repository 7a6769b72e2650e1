# fails: counter-usable-after-error
# mistake: wrong-without-preemption
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        with self._lock:
            self.value += 1  # one has come, whatever it is
            self.value += by - 1
