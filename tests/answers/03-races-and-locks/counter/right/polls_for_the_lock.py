import time


class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        while not self._lock.acquire(blocking=False):
            time.sleep(0.01)
        try:
            self.value += by
        finally:
            self._lock.release()
