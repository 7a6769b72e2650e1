# fails: autosaver-stopped-twice
# mistake: wrong-without-preemption
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.stopped.wait(self.interval):
            self.save()
        self.save()

    def start(self):
        self.thread.start()

    def stop(self):
        self.stopped.set()
        self.thread.join()
