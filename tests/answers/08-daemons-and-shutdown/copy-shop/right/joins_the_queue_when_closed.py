class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self.orders = queue.Queue()
        self.lock = threading.Lock()
        self.closed = False
        self.thread = None

    def _work(self):
        while (job := self.orders.get()) is not None:
            self.print_order(*job)
            self.orders.task_done()

    def submit(self, order):
        with self.lock:
            if self.closed:
                raise RuntimeError
            if self.thread is None:
                self.thread = threading.Thread(target=self._work)
                self.thread.start()
            self.orders.put((order,))

    def close(self):
        with self.lock:
            if not self.closed:
                self.closed = True
                self.orders.join()
                self.orders.put(None)
                if self.thread:
                    self.thread.join()
