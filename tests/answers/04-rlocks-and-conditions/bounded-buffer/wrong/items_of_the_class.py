# fails: buffer-first-in-first-out
# mistake: wrong-without-preemption
class BoundedBuffer:
    items = []
    changed = threading.Condition()

    def __init__(self, size):
        self.size = size

    def put(self, item):
        with self.changed:
            while len(self.items) >= self.size:
                self.changed.wait()
            self.items.append(item)
            self.changed.notify_all()

    def get(self):
        with self.changed:
            while not self.items:
                self.changed.wait()
            item = self.items.pop(0)
            self.changed.notify_all()
            return item
