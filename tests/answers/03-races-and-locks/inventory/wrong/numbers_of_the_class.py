# fails: inventory-total-kept
# mistake: wrong-without-preemption
class Inventory:
    lock = threading.Lock()

    def __init__(self, shelf, store):
        Inventory.shelf = shelf
        Inventory.store = store

    def move(self, n):
        with self.lock:
            if Inventory.store < n:
                raise ValueError
            Inventory.store -= n
            Inventory.shelf += n

    def snapshot(self):
        with self.lock:
            return Inventory.shelf, Inventory.store
