# fails: buffer-waits
# mistake: wrong-without-preemption
class BoundedBuffer:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.cond = threading.Condition()

    def put(self, item):
        with self.cond:
            while len(self.items) == self.size:
                self.cond.wait()
            self.items.append(item)
            self.cond.notify()

    def get(self):
        with self.cond:
            while not self.items:
                self.cond.wait()
            return self.items.pop(0)
