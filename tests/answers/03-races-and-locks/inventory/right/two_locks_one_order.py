class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._shelf_lock = threading.Lock()
        self._store_lock = threading.Lock()

    def move(self, n):
        with self._shelf_lock, self._store_lock:
            if n > self.store:
                raise ValueError("not enough in the store-room")
            self.store -= n
            self.shelf += n

    def snapshot(self):
        with self._shelf_lock:
            with self._store_lock:
                return self.shelf, self.store
