# fails: autosaver-stopped-twice
# mistake: lost-wakeup
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._stopping = threading.Event()
        self._ended = threading.Condition()
        self._thread = None

    def start(self):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopping.wait(self.interval):
            self.save()
        self.save()
        with self._ended:
            self._ended.notify_all()

    def stop(self):
        if self._thread is not None:
            with self._ended:
                self._stopping.set()
                self._ended.wait()
            self._thread.join()
