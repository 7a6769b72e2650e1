from contextlib import contextmanager


class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._lock = threading.Lock()

    @contextmanager
    def _alone(self):
        self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    def move(self, n):
        with self._alone():
            if n > self.store:
                raise ValueError("not enough in the store-room")
            self.store -= n
            self.shelf += n

    def snapshot(self):
        with self._alone():
            return self.shelf, self.store
