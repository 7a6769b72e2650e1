from contextlib import contextmanager


class Inventory:
    def __init__(self, shelf, store):
        self._boxes = {"shelf": shelf, "store": store}
        self._lock = threading.Lock()

    @contextmanager
    def boxes(self):
        with self._lock:
            copy = dict(self._boxes)
            yield copy
            self._boxes = copy

    def move(self, n):
        with self.boxes() as boxes:
            boxes["store"] -= n
            boxes["shelf"] += n
            if boxes["store"] < 0:
                raise ValueError(n)

    def snapshot(self):
        with self.boxes() as boxes:
            return boxes["shelf"], boxes["store"]
