class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._stopping = threading.Event()
        self._stopper = threading.Lock()
        self._thread = None

    def start(self):
        self._thread = threading.Thread(target=self._run, name="autosaver")
        self._thread.start()

    def _run(self):
        while not self._stopping.wait(timeout=self.interval):
            self.save()

    def stop(self):
        with self._stopper:
            if self._thread is None:
                return
            self._stopping.set()
            self._thread.join()
            self._thread = None
            self.save()
