class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._running = threading.Lock()
        self._guard = threading.Lock()
        self._thread = None

    def start(self):
        self._running.acquire()
        self._thread = threading.Thread(target=self._loop)
        self._thread.start()

    def _loop(self):
        while not self._running.acquire(timeout=self.interval):
            self.save()

    def stop(self):
        with self._guard:
            if self._thread is not None:
                self._running.release()
                self._thread.join()
                self.save()
                self._thread = None
