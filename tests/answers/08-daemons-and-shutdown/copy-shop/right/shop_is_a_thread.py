from collections import deque


class CopyShop(threading.Thread):
    def __init__(self, print_order):
        super().__init__(name="machine")
        self.print_order = print_order
        self.orders = deque()
        self.change = threading.Condition()
        self.closing = False
        self.start()

    def run(self):
        while True:
            with self.change:
                self.change.wait_for(lambda: self.orders or self.closing)
                if not self.orders:
                    return
                order = self.orders.popleft()
            self.print_order(order)

    def submit(self, order):
        with self.change:
            if self.closing:
                raise RuntimeError("The shop is closed.")
            self.orders.append(order)
            self.change.notify()

    def close(self):
        with self.change:
            self.closing = True
            self.change.notify()
        self.join()
