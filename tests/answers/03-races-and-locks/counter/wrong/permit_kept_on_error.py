# fails: counter-usable-after-error
# mistake: permit-leak
class Counter:
    def __init__(self):
        self.value = 0
        self._permit = threading.Semaphore(1)

    def increment(self, by=1):
        self._permit.acquire()
        self.value += by
        self._permit.release()
