class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []
        self._stop = threading.Event()
        self._thread = None

    def __enter__(self):
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="heartbeat")
        self._thread.start()
        return self

    def _once(self):
        try:
            self.send()
        except Exception as error:
            self.errors.append(error)

    def _run(self):
        self._once()
        while not self._stop.wait(self.interval):
            self._once()

    def __exit__(self, kind, error, traceback):
        self._stop.set()
        self._thread.join()
        return False
