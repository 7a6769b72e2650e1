# fails: autosaver-clean-end
# mistake: wrong-without-preemption
class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self.running = False
        self.thread = None

    def _run(self):
        while self.running:
            for _ in range(self.interval):
                if not self.running:
                    break
                time.sleep(1)
            self.save()

    def start(self):
        self.running = True
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def stop(self):
        if self.thread is None:
            return
        self.running = False
        self.thread.join()
