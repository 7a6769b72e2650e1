# fails: inventory-total-kept
# mistake: timeout-ignored
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._lock = threading.Lock()

    def move(self, n):
        locked = self._lock.acquire(True, 0.5)
        try:
            if n > self.store:
                raise ValueError("not enough in the store-room")
            self.store -= n
            self.shelf += n
        finally:
            if locked:
                self._lock.release()

    def snapshot(self):
        with self._lock:
            return self.shelf, self.store
