class CopyShop(threading.Thread):
    def __init__(self, print_order):
        super().__init__(name="machine")
        self.print_order = print_order
        self.orders = []
        self.things_to_do = threading.Semaphore(0)
        self.counter = threading.Lock()
        self.closed = False
        self.start()

    def run(self):
        while True:
            self.things_to_do.acquire()
            with self.counter:
                if not self.orders:
                    break
                order = self.orders.pop(0)
            self.print_order(order)

    def submit(self, order):
        with self.counter:
            if self.closed:
                raise RuntimeError("closed")
            self.orders.append(order)
            self.things_to_do.release()

    def close(self):
        with self.counter:
            self.closed = True
        self.things_to_do.release()
        self.join()
