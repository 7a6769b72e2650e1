import queue


class Inventory:
    def __init__(self, shelf, store):
        self._book = queue.Queue()
        self._book.put((shelf, store))

    def move(self, n):
        pair = shelf, store = self._book.get()
        try:
            if n > store:
                raise ValueError("not enough in the store-room")
            pair = (shelf + n, store - n)
        finally:
            self._book.put(pair)

    def snapshot(self):
        pair = self._book.get()
        self._book.put(pair)
        return pair
