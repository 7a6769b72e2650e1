# fails: autosaver-clean-end
# mistake: wrong-without-preemption
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self.stopped = threading.Event()
        self.thread = None

    def _run(self):
        while not self.stopped.wait(self.interval):
            self.save()

    def start(self):
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def stop(self):
        if self.thread is None or self.stopped.is_set():
            return
        self.save()
        self.stopped.set()
        self.thread.join()
