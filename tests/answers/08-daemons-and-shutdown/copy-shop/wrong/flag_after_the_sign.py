# fails: shop-nothing-lost
# mistake: not-joined
STOP = object()


class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self.orders = queue.Queue()
        self.closed = False
        self.machine = threading.Thread(target=self._run)
        self.machine.start()

    def _run(self):
        while (order := self.orders.get()) is not STOP:
            self.print_order(order)

    def submit(self, order):
        if self.closed:
            raise RuntimeError("closed")
        self.orders.put(order)

    def close(self):
        self.orders.put(STOP)
        self.machine.join()
        self.closed = True
