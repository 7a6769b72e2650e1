# fails: buffer-first-in-first-out
# mistake: lost-wakeup
class BoundedBuffer:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.ready = threading.Condition()

    def put(self, item):
        with self.ready:
            while len(self.items) == self.size:
                self.ready.wait()
            self.items.append(item)
            self.ready.notify_all()

    def get(self):
        with self.ready:
            self.ready.wait()
            item = self.items.pop(0)
            self.ready.notify_all()
            return item
