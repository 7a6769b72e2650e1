# fails: inventory-total-kept
# mistake: self-deadlock
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self.lock = threading.Lock()

    def move(self, n):
        with self.lock:
            shelf, store = self.snapshot()
            if store < n:
                raise ValueError
            self.store -= n
            self.shelf += n

    def snapshot(self):
        with self.lock:
            return (self.shelf, self.store)
