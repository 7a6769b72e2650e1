# fails: heartbeat-goes-on
# mistake: lock-not-released
class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []
        self._sending = threading.Lock()

    def __enter__(self):
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def _run(self):
        while not self._left.is_set():
            try:
                self._once()
            except Exception as error:
                self.errors.append(error)
            self._left.wait(self.interval)

    def _once(self):
        self._sending.acquire()
        self.send()
        self._sending.release()

    def __exit__(self, *error):
        self._left.set()
        with self._sending:
            self._thread.join()
