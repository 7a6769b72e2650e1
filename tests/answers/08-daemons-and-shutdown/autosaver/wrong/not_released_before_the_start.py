# fails: autosaver-stopped-twice
# mistake: lock-not-released
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = None

    def start(self):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopping.wait(self.interval):
            self.save()
        self.save()

    def stop(self):
        self._lock.acquire()
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join()
        self._lock.release()
