# fails: autosaver-saves-in-time
# mistake: wrong-without-preemption
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self.stopped = threading.Event()
        self.thread = None

    def _run(self):
        while not self.stopped.is_set():
            self.save()
            self.stopped.wait(self.interval)

    def start(self):
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def stop(self):
        if self.thread:
            self.stopped.set()
            self.thread.join()
