# fails: autosaver-saves-in-time
# mistake: self-deadlock
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
            self._save_alone()

    def _save_alone(self):
        with self._lock:
            self.save()

    def stop(self):
        with self._lock:
            if self._thread is not None and not self._stopping.is_set():
                self._stopping.set()
                self._save_alone()
                self._thread.join()
