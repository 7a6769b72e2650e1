class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._lock = threading.RLock()
        self._timers = []
        self._running = False

    def _rewind(self):
        timer = threading.Timer(self.interval, self._tick)
        self._timers.append(timer)
        timer.start()

    def _tick(self):
        with self._lock:
            if self._running:
                self.save()
                self._rewind()

    def start(self):
        with self._lock:
            self._running = True
            self._rewind()

    def stop(self):
        with self._lock:
            if self._running:
                self._running = False
                self._timers[-1].cancel()
                self.save()
        for timer in self._timers:
            timer.join()
