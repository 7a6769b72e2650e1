# fails: heartbeat-goes-on
# mistake: self-deadlock
class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []
        self._lock = threading.Lock()

    def __enter__(self):
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._beat)
        self._thread.start()
        return self

    def _keep(self, error):
        with self._lock:
            self.errors.append(error)

    def _beat(self):
        while not self._left.is_set():
            with self._lock:
                try:
                    self.send()
                except Exception as error:
                    self._keep(error)
            self._left.wait(self.interval)

    def __exit__(self, *error):
        self._left.set()
        self._thread.join()
