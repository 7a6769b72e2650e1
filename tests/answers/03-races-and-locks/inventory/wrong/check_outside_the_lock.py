# fails: inventory-usable-after-error
# mistake: check-then-act
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._lock = threading.Lock()

    def move(self, n):
        if n > self.store:
            raise ValueError("not enough in the store-room")
        with self._lock:
            self.store -= n
            self.shelf += n

    def snapshot(self):
        with self._lock:
            return self.shelf, self.store
