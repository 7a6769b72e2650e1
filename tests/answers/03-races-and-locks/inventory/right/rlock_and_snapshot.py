class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._lock = threading.RLock()

    def move(self, n):
        with self._lock:
            shelf, store = self.snapshot()
            if n > store:
                raise ValueError(f"{store} are not {n}")
            self.shelf = shelf + n
            self.store = store - n

    def snapshot(self):
        with self._lock:
            return self.shelf, self.store
