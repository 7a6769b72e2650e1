class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self._gate = threading.Semaphore(0)
        self._threads = []

    def start(self):
        thread = threading.Thread(target=self._run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self):
        while not self._gate.acquire(timeout=self.interval):
            self.save()
        self.save()

    def stop(self):
        for thread in self._threads:
            self._gate.release()
            thread.join()
