class BoundedBuffer:
    """Tickets: whoever gets waits for the item with their own number."""

    def __init__(self, size):
        self.size = size
        self.items = {}
        self.put_next = 0
        self.get_next = 0
        self.got = 0
        self.cond = threading.Condition()

    def put(self, item):
        with self.cond:
            number = self.put_next
            self.put_next += 1
            self.cond.wait_for(lambda: number < self.got + self.size)
            self.items[number] = item
            self.cond.notify_all()

    def get(self):
        with self.cond:
            number = self.get_next
            self.get_next += 1
            self.cond.wait_for(lambda: number in self.items)
            self.got += 1
            self.cond.notify_all()
            return self.items.pop(number)
