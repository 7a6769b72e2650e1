# fails: buffer-waits
# mistake: wrong-without-preemption
class BoundedBuffer:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.lock = threading.Lock()

    def put(self, item):
        with self.lock:
            while len(self.items) == self.size:
                time.sleep(0.1)
            self.items.append(item)

    def get(self):
        with self.lock:
            while not self.items:
                time.sleep(0.1)
            return self.items.pop(0)
