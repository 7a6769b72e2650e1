# fails: inventory-snapshot-consistent
# mistake: sleep-as-synchronisation
import time


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
        time.sleep(1)  # by now they have finished
        return self.shelf, self.store
