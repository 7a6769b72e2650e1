# fails: shop-nothing-lost
# mistake: wrong-without-preemption
class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self.orders = queue.Queue()
        self.lock = threading.Lock()
        self.closed = False
        self.machine = threading.Thread(target=self._run)
        self.machine.start()

    def _run(self):
        while (order := self.orders.get()) != "end":
            self.print_order(order)

    def submit(self, order):
        with self.lock:
            if self.closed:
                raise RuntimeError("closed")
            self.orders.put(order)

    def close(self):
        with self.lock:
            self.closed = True
            self.orders.put("end")
        self.machine.join()
