# fails: heartbeat-goes-on
# mistake: wrong-without-preemption
class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []

    def _run(self):
        while not self.stop.is_set():
            try:
                self.send()
                self.stop.wait(self.interval)
            except Exception as error:
                self.errors.append(error)

    def __enter__(self):
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        self.thread.join()
