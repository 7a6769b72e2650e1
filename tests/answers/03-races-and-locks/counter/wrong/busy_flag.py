# fails: counter-all-counted
# mistake: check-then-act
class Counter:
    def __init__(self):
        self.value = 0
        self._busy = False

    def increment(self, by=1):
        while self._busy:
            pass
        self._busy = True
        try:
            self.value += by
        finally:
            self._busy = False
