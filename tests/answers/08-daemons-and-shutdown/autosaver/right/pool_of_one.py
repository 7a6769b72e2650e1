from concurrent.futures import ThreadPoolExecutor


class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._stopping = threading.Event()
        self._done = None

    def start(self):
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._done = self._pool.submit(self._run)

    def _run(self):
        while not self._stopping.wait(self.interval):
            self.save()
        self.save()

    def stop(self):
        if self._done is None:
            return
        self._stopping.set()
        self._done.result()
        self._pool.shutdown()
