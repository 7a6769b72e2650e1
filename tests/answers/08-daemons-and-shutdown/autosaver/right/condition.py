class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._changed = threading.Condition()
        self._state = "new"

    def start(self):
        with self._changed:
            self._state = "running"
        threading.Thread(target=self._run).start()

    def _run(self):
        with self._changed:
            while not self._changed.wait_for(lambda: self._state == "stopping", self.interval):
                self.save()
            self.save()
            self._state = "stopped"
            self._thread = threading.current_thread()
            self._changed.notify_all()

    def stop(self):
        with self._changed:
            if self._state == "new":
                return
            if self._state == "running":
                self._state = "stopping"
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._state == "stopped")
        self._thread.join()
