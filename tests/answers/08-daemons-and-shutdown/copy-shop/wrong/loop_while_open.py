# fails: shop-closed-for-good
# mistake: missing-sentinel
class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self.orders = queue.Queue()
        self.closed = threading.Event()
        self.machine = threading.Thread(target=self._run)
        self.machine.start()

    def _run(self):
        while not self.closed.is_set():
            order = self.orders.get()
            self.print_order(order)

    def submit(self, order):
        if self.closed.is_set():
            raise RuntimeError("closed")
        self.orders.put(order)

    def close(self):
        self.closed.set()
        self.machine.join()
