# fails: shop-nothing-lost
# mistake: check-then-block
class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self.orders = queue.Queue()
        self.lock = threading.Lock()
        self.closed = threading.Event()
        self.machine = threading.Thread(target=self._run)
        self.machine.start()

    def _run(self):
        while not self.closed.is_set():
            try:
                order = self.orders.get(timeout=1)
            except queue.Empty:
                continue
            self.print_order(order)

    def submit(self, order):
        with self.lock:
            if self.closed.is_set():
                raise RuntimeError("closed")
            self.orders.put(order)

    def close(self):
        with self.lock:
            self.closed.set()
        while not self.orders.empty():
            self.print_order(self.orders.get())
        self.machine.join()
