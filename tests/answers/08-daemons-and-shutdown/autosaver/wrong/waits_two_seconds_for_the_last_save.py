# fails: autosaver-clean-end
# mistake: timeout-ignored
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._stopping = threading.Event()
        self._done = threading.Event()
        self._started = False

    def start(self):
        self._started = True
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while not self._stopping.wait(self.interval):
            self.save()
        self.save()
        self._done.set()

    def stop(self):
        if self._started:
            self._stopping.set()
            self._done.wait(2)
