# fails: buffer-wakes-who-can-go-on
# mistake: check-then-act
class BoundedBuffer:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.lock = threading.Lock()

    def put(self, item):
        while len(self.items) >= self.size:
            time.sleep(0.1)
        with self.lock:
            self.items.append(item)

    def get(self):
        while not self.items:
            time.sleep(0.1)
        with self.lock:
            return self.items.pop(0)
