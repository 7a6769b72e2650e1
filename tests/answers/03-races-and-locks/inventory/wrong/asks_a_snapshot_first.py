# fails: inventory-usable-after-error
# mistake: check-then-act
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self.lock = threading.Lock()

    def move(self, n):
        shelf, store = self.snapshot()
        if store < n:
            raise ValueError
        with self.lock:
            self.store -= n
            self.shelf += n

    def snapshot(self):
        with self.lock:
            return (self.shelf, self.store)
