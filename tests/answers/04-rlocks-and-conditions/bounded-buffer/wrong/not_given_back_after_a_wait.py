# fails: buffer-first-in-first-out
# mistake: lock-not-released
class BoundedBuffer:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.changed = threading.Condition()

    def put(self, item):
        self.changed.acquire()
        if len(self.items) < self.size:
            self.items.append(item)
            self.changed.notify_all()
            self.changed.release()
            return
        while len(self.items) == self.size:
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
