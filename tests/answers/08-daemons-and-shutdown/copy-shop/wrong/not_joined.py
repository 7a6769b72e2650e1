# fails: shop-nothing-lost
# mistake: not-joined
class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self._orders = queue.Queue()
        self._closed = False
        self._lock = threading.Lock()
        self._machine = threading.Thread(target=self._run)
        self._machine.start()

    def _run(self):
        while True:
            word, order = self._orders.get()
            if word == "close":
                return
            self.print_order(order)

    def submit(self, order):
        with self._lock:
            if self._closed:
                raise RuntimeError("the shop is closed")
            self._orders.put(("print", order))

    def close(self):
        with self._lock:
            if not self._closed:
                self._closed = True
                self._orders.put(("close", None))
