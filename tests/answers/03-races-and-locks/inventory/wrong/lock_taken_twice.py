# fails: inventory-total-kept
# mistake: self-deadlock
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._lock = threading.Lock()

    def move(self, n):
        with self._lock:
            shelf, store = self.snapshot()
            if n > store:
                raise ValueError("not enough in the store-room")
            self.store = store - n
            self.shelf = shelf + n

    def snapshot(self):
        with self._lock:
            return self.shelf, self.store
