# fails: inventory-snapshot-consistent
# mistake: lock-not-shared
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._move_lock = threading.Lock()
        self._snapshot_lock = threading.Lock()

    def move(self, n):
        with self._move_lock:
            if n > self.store:
                raise ValueError("not enough in the store-room")
            self.store -= n
            self.shelf += n

    def snapshot(self):
        with self._snapshot_lock:
            return self.shelf, self.store
