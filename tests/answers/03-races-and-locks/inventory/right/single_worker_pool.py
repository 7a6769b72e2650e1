from concurrent.futures import ThreadPoolExecutor


class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self._keeper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keeper")

    def _move(self, n):
        if n > self.store:
            raise ValueError("not enough in the store-room")
        self.store -= n
        self.shelf += n

    def _look(self):
        return self.shelf, self.store

    def move(self, n):
        self._keeper.submit(self._move, n).result()

    def snapshot(self):
        return self._keeper.submit(self._look).result()
