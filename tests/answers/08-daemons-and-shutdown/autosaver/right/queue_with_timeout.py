import queue


class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._orders = queue.Queue()
        self._thread = None

    def start(self):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            try:
                self._orders.get(timeout=self.interval)
            except queue.Empty:
                self.save()
            else:
                self.save()
                return

    def stop(self):
        if self._thread is None:
            return
        self._orders.put("stop")
        self._thread.join()
