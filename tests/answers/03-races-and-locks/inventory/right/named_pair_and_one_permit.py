from typing import NamedTuple


class Goods(NamedTuple):
    shelf: int
    store: int


class Inventory:
    def __init__(self, shelf, store):
        self._goods = Goods(shelf, store)
        self._permit = threading.BoundedSemaphore()

    def move(self, n):
        with self._permit:
            if n > self._goods.store:
                raise ValueError("not enough in the store-room")
            self._goods = Goods(self._goods.shelf + n, self._goods.store - n)

    def snapshot(self):
        with self._permit:
            return self._goods
