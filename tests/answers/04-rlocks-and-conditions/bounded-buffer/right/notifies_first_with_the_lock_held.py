class BoundedBuffer:
    def __init__(self, size):
        self.size = size
        self.items = ()
        self.changed = threading.Condition()

    def has_room(self):
        return len(self.items) < self.size

    def has_items(self):
        return self.items != ()

    def put(self, item):
        with self.changed:
            self.changed.wait_for(self.has_room)
            self.changed.notify_all()
            self.items += (item,)

    def get(self):
        with self.changed:
            self.changed.wait_for(self.has_items)
            self.changed.notify_all()
            item, *rest = self.items
            self.items = tuple(rest)
            return item
