# fails: autosaver-clean-end
# mistake: wrong-without-preemption
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._stopping = threading.Event()
        self._thread = None

    def start(self):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopping.wait(self.interval):
            self.save()

    def stop(self):
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
