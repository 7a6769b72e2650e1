from dataclasses import dataclass, field


@dataclass
class Inventory:
    shelf: int
    store: int
    lock: object = field(default_factory=threading.Lock, repr=False)

    def move(self, n):
        with self.lock:
            if n > self.store:
                raise ValueError("not enough in the store-room")
            self.store, self.shelf = self.store - n, self.shelf + n

    def snapshot(self):
        with self.lock:
            return (self.shelf, self.store)
