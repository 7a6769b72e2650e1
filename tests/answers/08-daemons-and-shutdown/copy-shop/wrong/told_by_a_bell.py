# fails: shop-nothing-lost
# mistake: lost-wakeup
class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self._orders = []
        self._closed = False
        self._changed = threading.Condition()
        self._machine = threading.Thread(target=self._run)
        self._machine.start()

    def _run(self):
        while True:
            with self._changed:
                self._changed.wait()
                if self._closed and not self._orders:
                    return
                orders, self._orders = self._orders, []
            for order in orders:
                self.print_order(order)

    def submit(self, order):
        with self._changed:
            if self._closed:
                raise RuntimeError("the shop is closed")
            self._orders.append(order)
            self._changed.notify()

    def close(self):
        self._closed = True
        with self._changed:
            self._changed.notify()
        self._machine.join()
