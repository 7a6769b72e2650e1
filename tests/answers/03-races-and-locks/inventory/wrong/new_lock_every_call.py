# fails: inventory-total-kept
# mistake: lock-not-shared
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store

    def move(self, n):
        with threading.Lock():
            if n > self.store:
                raise ValueError("not enough in the store-room")
            self.store -= n
            self.shelf += n

    def snapshot(self):
        with threading.Lock():
            return self.shelf, self.store
