# fails: inventory-total-kept
# mistake: lost-update
class Inventory:
    def __init__(self, shelf, store):
        self._pair = (shelf, store)

    def move(self, n):
        shelf, store = self._pair
        if n > store:
            raise ValueError("not enough in the store-room")
        self._pair = (shelf + n, store - n)

    def snapshot(self):
        return self._pair
