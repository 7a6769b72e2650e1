from concurrent.futures import ThreadPoolExecutor


class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []

    def __enter__(self):
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._pool.submit(self._beat)
        return self

    def _beat(self):
        while not self._stop.is_set():
            try:
                self.send()
            except Exception as error:
                self.errors += [error]
            self._stop.wait(timeout=self.interval)

    def __exit__(self, *error):
        self._stop.set()
        self._pool.shutdown(wait=True)
