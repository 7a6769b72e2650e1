# fails: inventory-snapshot-consistent
# mistake: lock-released-between-read-and-write
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._lock = threading.Lock()

    def move(self, n):
        with self._lock:
            if n > self.store:
                raise ValueError("not enough in the store-room")
            self.store -= n
            self.shelf += n

    def snapshot(self):
        with self._lock:
            shelf = self.shelf
        with self._lock:
            store = self.store
        return shelf, store
