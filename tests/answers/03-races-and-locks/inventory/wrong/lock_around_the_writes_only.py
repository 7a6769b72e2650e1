# fails: inventory-total-kept
# mistake: lost-update
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._lock = threading.Lock()

    def move(self, n):
        if n > self.store:
            raise ValueError("not enough in the store-room")
        new_shelf, new_store = self.shelf + n, self.store - n
        with self._lock:
            self.shelf = new_shelf
            self.store = new_store

    def snapshot(self):
        with self._lock:
            return self.shelf, self.store
