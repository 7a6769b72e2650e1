class BoundedBuffer(threading.Condition().__class__):
    """The buffer is a condition itself."""

    def __init__(self, size):
        super().__init__()
        self.size = size
        self.first = 0
        self.after_last = 0
        self.places = {}

    def put(self, item):
        with self:
            while self.after_last - self.first == self.size:
                self.wait()
            self.places[self.after_last] = item
            self.after_last += 1
            self.notify_all()

    def get(self):
        with self:
            while self.after_last == self.first:
                self.wait()
            item = self.places.pop(self.first)
            self.first += 1
            self.notify_all()
        return item
