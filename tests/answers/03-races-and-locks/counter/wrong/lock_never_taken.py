# fails: counter-all-counted
# mistake: lost-update
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        if self._lock:
            self.value += by
