# fails: inventory-total-kept
# mistake: lost-update
class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store

    def move(self, n):
        if n > self.store:
            raise ValueError("not enough in the store-room")
        self.store -= n
        self.shelf += n

    def snapshot(self):
        return self.shelf, self.store
