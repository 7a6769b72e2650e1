class BoundedBuffer:
    def __init__(self, size):
        self.room = threading.Semaphore(size)
        self.there = threading.Semaphore(0)
        self.lock = threading.Lock()
        self.items = []

    def put(self, item):
        self.room.acquire()
        with self.lock:
            self.items.append(item)
        self.there.release()

    def get(self):
        self.there.acquire()
        with self.lock:
            item = self.items.pop(0)
        self.room.release()
        return item
