class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self._end = object()
        self._orders = queue.SimpleQueue()
        self._counter = threading.RLock()
        self._machine = None
        self._open = True

    def _run(self):
        for order in iter(self._orders.get, self._end):
            self.print_order(order)

    def submit(self, order):
        with self._counter:
            if not self._open:
                raise RuntimeError("we are closed")
            if self._machine is None:
                self._machine = threading.Thread(target=self._run)
                self._machine.start()
            self._orders.put(order)

    def close(self):
        with self._counter:
            if self._open:
                self._open = False
                self._orders.put(self._end)
            machine = self._machine
        if machine is not None:
            machine.join()
