# fails: inventory-total-kept
# mistake: lock-released-between-read-and-write
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._lock = threading.Lock()

    def move(self, n):
        shelf, store = self.snapshot()
        if n > store:
            raise ValueError("not enough in the store-room")
        with self._lock:
            self.shelf = shelf + n
            self.store = store - n

    def snapshot(self):
        with self._lock:
            return self.shelf, self.store
