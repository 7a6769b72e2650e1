# fails: inventory-usable-after-error
# mistake: wrong-without-preemption
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._lock = threading.Lock()

    def move(self, n):
        with self._lock:
            n = min(n, self.store)
            self.store -= n
            self.shelf += n

    def snapshot(self):
        with self._lock:
            return self.shelf, self.store
