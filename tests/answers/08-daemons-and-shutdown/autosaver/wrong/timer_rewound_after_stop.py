# fails: autosaver-clean-end
# mistake: not-joined
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._stopped = False
        self._timer = None

    def start(self):
        self._timer = threading.Timer(self.interval, self._tick)
        self._timer.start()

    def _tick(self):
        self.save()
        if not self._stopped:
            self.start()

    def stop(self):
        if self._timer is not None and not self._stopped:
            self._stopped = True
            self._timer.cancel()
            self._timer.join()
            self.save()
