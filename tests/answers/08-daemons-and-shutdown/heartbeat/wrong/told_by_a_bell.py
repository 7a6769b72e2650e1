# fails: heartbeat-only-inside
# mistake: lost-wakeup
class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []
        self._ended = threading.Condition()

    def __enter__(self):
        self._left = threading.Event()
        threading.Thread(target=self._run).start()
        return self

    def _run(self):
        while not self._left.is_set():
            try:
                self.send()
            except Exception as error:
                self.errors.append(error)
            self._left.wait(self.interval)
        with self._ended:
            self._ended.notify()

    def __exit__(self, *error):
        self._left.set()
        with self._ended:
            self._ended.wait()
