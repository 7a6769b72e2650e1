class Counter:
    def __init__(self):
        self.value = 0
        self._one_at_a_time = threading.BoundedSemaphore(1)

    def increment(self, by=1):
        self._one_at_a_time.acquire()
        try:
            self.value += by
        finally:
            self._one_at_a_time.release()
