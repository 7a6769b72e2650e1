# fails: counter-all-counted
# mistake: lock-not-shared
class Counter:
    def __init__(self):
        self.value = 0

    def increment(self, by=1):
        with threading.Lock():
            self.value += by
