# fails: counter-usable-after-error
# mistake: exception-swallowed
class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        with self._lock:
            try:
                self.value += by
            except TypeError:
                print("not a number:", by)
