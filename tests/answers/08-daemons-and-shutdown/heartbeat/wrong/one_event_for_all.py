# fails: heartbeat-only-inside
# mistake: wrong-without-preemption
class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []
        self._left = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._beat)
        self._thread.start()
        return self

    def _beat(self):
        while not self._left.is_set():
            try:
                self.send()
            except Exception as error:
                self.errors.append(error)
            self._left.wait(self.interval)

    def __exit__(self, *error):
        self._left.set()
        self._thread.join()
