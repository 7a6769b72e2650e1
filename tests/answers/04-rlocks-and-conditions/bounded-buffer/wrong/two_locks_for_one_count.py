# fails: buffer-first-in-first-out
# mistake: lock-not-shared
class BoundedBuffer:
    def __init__(self, size):
        self.places = [None] * size
        self.count = 0
        self.first = 0
        self.last = 0
        self.putting = threading.Lock()
        self.getting = threading.Lock()

    def put(self, item):
        with self.putting:
            while self.count == len(self.places):
                time.sleep(0.1)
            self.places[self.last] = item
            self.last = (self.last + 1) % len(self.places)
            self.count += 1

    def get(self):
        with self.getting:
            while self.count == 0:
                time.sleep(0.1)
            item = self.places[self.first]
            self.first = (self.first + 1) % len(self.places)
            self.count -= 1
            return item
