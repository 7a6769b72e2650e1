# fails: shop-nothing-lost
# mistake: self-deadlock
class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self._orders = queue.Queue()
        self._open = True
        self._lock = threading.Lock()
        self._machine = threading.Thread(target=self._run)
        self._machine.start()

    def _run(self):
        while True:
            word, order = self._orders.get()
            if word == "close":
                return
            self.print_order(order)

    def is_open(self):
        with self._lock:
            return self._open

    def submit(self, order):
        with self._lock:
            if not self.is_open():
                raise RuntimeError("the shop is closed")
            self._orders.put(("print", order))

    def close(self):
        with self._lock:
            if self._open:
                self._open = False
                self._orders.put(("close", None))
        self._machine.join()
