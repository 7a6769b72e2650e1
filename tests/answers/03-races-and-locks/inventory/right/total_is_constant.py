class Inventory:
    def __init__(self, shelf, store):
        self._total = shelf + store
        self._store = store
        self._lock = threading.Lock()

    def move(self, n):
        with self._lock:
            if n > self._store:
                raise ValueError("not enough in the store-room")
            self._store -= n

    def snapshot(self):
        store = self._store
        return self._total - store, store
