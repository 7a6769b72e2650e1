class Inventory:
    def __init__(self, shelf, store):
        self._pair = (shelf, store)
        self._moving = threading.Lock()

    def move(self, n):
        with self._moving:
            shelf, store = self._pair
            if n > store:
                raise ValueError("not enough in the store-room")
            self._pair = (shelf + n, store - n)

    def snapshot(self):
        return self._pair  # one reference: the old pair or the new one
