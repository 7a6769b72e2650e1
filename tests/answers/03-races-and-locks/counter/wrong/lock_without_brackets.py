# fails: counter-all-counted
# mistake: lock-not-shared
class Counter:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock

    def increment(self, by=1):
        with self.lock():
            self.value += by
