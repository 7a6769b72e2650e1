# fails: buffer-wakes-who-can-go-on
# mistake: pulse-missed
class BoundedBuffer:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.lock = threading.Lock()
        self.came = threading.Event()
        self.left = threading.Event()

    def put(self, item):
        while True:
            with self.lock:
                if len(self.items) < self.size:
                    self.items.append(item)
                    self.came.set()
                    self.came.clear()
                    return
            self.left.wait()

    def get(self):
        while True:
            with self.lock:
                if self.items:
                    item = self.items.pop(0)
                    self.left.set()
                    self.left.clear()
                    return item
            self.came.wait()
