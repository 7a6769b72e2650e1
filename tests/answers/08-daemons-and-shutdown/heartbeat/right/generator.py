import contextlib


class Heartbeat(contextlib.AbstractContextManager):
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []

    @contextlib.contextmanager
    def _beating(self):
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _beat(self, stop):
        while True:
            with self._keeping_errors():
                self.send()
            if stop.wait(self.interval):
                return

    @contextlib.contextmanager
    def _keeping_errors(self):
        try:
            yield
        except Exception as error:
            self.errors.append(error)

    def __enter__(self):
        self._block = self._beating()
        self._block.__enter__()
        return self

    def __exit__(self, *error):
        return self._block.__exit__(*error)
