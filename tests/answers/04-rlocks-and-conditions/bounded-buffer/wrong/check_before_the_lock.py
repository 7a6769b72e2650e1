# fails: buffer-first-in-first-out
# mistake: lost-wakeup
class BoundedBuffer:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.changed = threading.Condition()

    def put(self, item):
        while len(self.items) == self.size:
            with self.changed:
                self.changed.wait()
        with self.changed:
            self.items.append(item)
            self.changed.notify_all()

    def get(self):
        while not self.items:
            with self.changed:
                self.changed.wait()
        with self.changed:
            item = self.items.pop(0)
            self.changed.notify_all()
            return item
