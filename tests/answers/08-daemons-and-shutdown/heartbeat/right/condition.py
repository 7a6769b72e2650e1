class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []
        self._changed = threading.Condition()
        self._inside = False

    def __enter__(self):
        self._inside = True
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()
        return self

    def _beat(self):
        while self._inside:
            try:
                self.send()
            except Exception as error:
                self.errors.append(error)
            with self._changed:
                self._changed.wait_for(lambda: not self._inside, timeout=self.interval)

    def __exit__(self, *error):
        with self._changed:
            self._inside = False
            self._changed.notify()
        self._thread.join()
