class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self._changed = threading.Condition()
        self._orders = []
        self._open = True
        self._machine = threading.Thread(target=self._run, daemon=True)
        self._machine.start()

    def _run(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._orders or not self._open)
                if not self._orders:
                    return
                order = self._orders.pop(0)
            self.print_order(order)

    def submit(self, order):
        with self._changed:
            if not self._open:
                raise RuntimeError("closed")
            self._orders.append(order)
            self._changed.notify()

    def close(self):
        with self._changed:
            self._open = False
            self._changed.notify_all()
        self._machine.join()
