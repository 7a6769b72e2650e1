class Autosaver(threading.Thread):
    def __init__(self, save, interval):
        super().__init__(name="autosaver")
        self.save = save
        self.interval = interval
        self.stopping = threading.Event()

    def run(self):
        stopped = False
        while not stopped:
            stopped = self.stopping.wait(self.interval)
            self.save()

    def stop(self):
        if self.ident is None:  # never started
            return
        self.stopping.set()
        self.join()
