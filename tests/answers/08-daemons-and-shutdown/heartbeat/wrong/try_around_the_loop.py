# fails: heartbeat-goes-on
# mistake: wrong-without-preemption
class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []

    def __enter__(self):
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._beat)
        self._thread.start()
        return self

    def _beat(self):
        try:
            while not self._left.is_set():
                self.send()
                self._left.wait(self.interval)
        except Exception as error:
            self.errors.append(error)

    def __exit__(self, *error):
        self._left.set()
        self._thread.join()
