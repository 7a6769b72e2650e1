from functools import cached_property


class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self.stopping = threading.Event()
        self.saved = threading.Event()
        self.first = threading.Lock()
        self.started = False

    def start(self):
        self.started = True
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while True:
            if self.stopping.wait(timeout=self.interval):
                break
            self.save()

    def stop(self):
        if not self.started:
            return
        if self.first.acquire(blocking=False):
            self.stopping.set()
            self.thread.join()
            self.save()
            self.saved.set()
        self.saved.wait()
