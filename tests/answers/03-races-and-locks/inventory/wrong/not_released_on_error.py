# fails: inventory-usable-after-error
# mistake: lock-not-released
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._lock = threading.Lock()

    def move(self, n):
        self._lock.acquire()
        if n > self.store:
            raise ValueError("not enough in the store-room")
        self.store -= n
        self.shelf += n
        self._lock.release()

    def snapshot(self):
        with self._lock:
            return self.shelf, self.store
