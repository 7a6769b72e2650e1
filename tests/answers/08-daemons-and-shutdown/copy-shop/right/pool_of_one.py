from concurrent.futures import ThreadPoolExecutor


class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self._pool = ThreadPoolExecutor(max_workers=1)

    def submit(self, order):
        self._pool.submit(self.print_order, order)

    def close(self):
        self._pool.shutdown()
