# fails: autosaver-clean-end
# mistake: check-then-act
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._stopping = threading.Event()
        self._thread = None
        self._saving = False

    def start(self):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopping.wait(self.interval):
            self._saving = True
            self.save()
            self._saving = False

    def stop(self):
        if self._thread is not None and not self._stopping.is_set():
            self._stopping.set()
            if not self._saving:
                self.save()
            self._thread.join()
