from collections import deque
from contextlib import contextmanager


class BoundedBuffer:
    def __init__(self, size):
        self.size = size
        self.items = deque()
        self.changed = threading.Condition()

    @contextmanager
    def when(self, ready):
        with self.changed:
            self.changed.wait_for(ready)
            yield self.items
            self.changed.notify_all()

    def put(self, item):
        with self.when(lambda: len(self.items) < self.size) as items:
            items.append(item)

    def get(self):
        with self.when(lambda: len(self.items) > 0) as items:
            return items.popleft()
