# fails: autosaver-stopped-twice
# mistake: check-then-act
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._stopping = threading.Event()
        self._thread = None
        self._saved = False

    def start(self):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopping.wait(self.interval):
            self.save()

    def stop(self):
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join()
        if not self._saved:
            self.save()
            self._saved = True
