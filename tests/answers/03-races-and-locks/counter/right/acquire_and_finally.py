class Counter:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()

    def increment(self, by=1):
        self.lock.acquire()
        try:
            value = self.value
            value = value + by
            self.value = value
        finally:
            self.lock.release()
