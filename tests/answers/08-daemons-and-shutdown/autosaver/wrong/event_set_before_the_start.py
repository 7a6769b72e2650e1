# fails: autosaver-stopped-twice
# mistake: wrong-without-preemption
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self):
        self._thread.start()

    def _run(self):
        while not self._stopping.wait(self.interval):
            self.save()
        self.save()

    def stop(self):
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
