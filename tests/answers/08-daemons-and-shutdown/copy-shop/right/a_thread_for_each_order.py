class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self.lock = threading.Lock()
        self.jobs = []
        self.closed = False

    def _print(self, order, before):
        for job in before:
            job.join()
        self.print_order(order)

    def submit(self, order):
        with self.lock:
            if self.closed:
                raise RuntimeError("closed")
            job = threading.Thread(target=self._print, args=(order, self.jobs[-1:]))
            self.jobs.append(job)
            job.start()

    def close(self):
        with self.lock:
            self.closed = True
        for job in self.jobs:
            job.join()
