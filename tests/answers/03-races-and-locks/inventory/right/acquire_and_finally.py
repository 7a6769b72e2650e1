class Inventory:
    def __init__(self, shelf, store):
        self.shelf = shelf
        self.store = store
        self.lock = threading.Lock()

    def move(self, n):
        self.lock.acquire()
        try:
            if n > self.store:
                raise ValueError(n)
            self.store -= n
            self.shelf += n
        finally:
            self.lock.release()

    def snapshot(self):
        self.lock.acquire()
        pair = (self.shelf, self.store)
        self.lock.release()
        return pair
