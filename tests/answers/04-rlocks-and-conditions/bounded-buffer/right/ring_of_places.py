class BoundedBuffer:
    def __init__(self, size):
        self.places = [None] * size
        self.first = 0
        self.count = 0
        self.changed = threading.Condition(threading.Lock())

    def put(self, item):
        self.changed.acquire()
        try:
            while self.count == len(self.places):
                self.changed.wait()
            self.places[(self.first + self.count) % len(self.places)] = item
            self.count += 1
            self.changed.notify_all()
        finally:
            self.changed.release()

    def get(self):
        self.changed.acquire()
        try:
            while self.count == 0:
                self.changed.wait()
            item = self.places[self.first]
            self.first = (self.first + 1) % len(self.places)
            self.count -= 1
            self.changed.notify_all()
            return item
        finally:
            self.changed.release()
