# fails: buffer-first-in-first-out
# mistake: lost-wakeup
class BoundedBuffer:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.changed = threading.Condition()

    def put(self, item):
        with self.changed:
            while len(self.items) == self.size:
                self.changed.wait()
            self.changed.notify_all()
        self.items.append(item)

    def get(self):
        with self.changed:
            while not self.items:
                self.changed.wait()
            self.changed.notify_all()
        return self.items.pop(0)
