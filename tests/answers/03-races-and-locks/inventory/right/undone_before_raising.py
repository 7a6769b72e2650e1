class Inventory:
    def __init__(self, shelf, store):
        self.goods = {"shelf": shelf, "store": store}
        self._lock = threading.Condition()

    def move(self, n):
        with self._lock:
            self.goods["store"] -= n
            self.goods["shelf"] += n
            if self.goods["store"] < 0:
                self.goods["store"] += n
                self.goods["shelf"] -= n
                raise ValueError("not enough in the store-room")

    def snapshot(self):
        with self._lock:
            return self.goods["shelf"], self.goods["store"]
