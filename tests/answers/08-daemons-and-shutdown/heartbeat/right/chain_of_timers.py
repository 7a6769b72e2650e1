class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []
        self.lock = threading.RLock()

    def beat(self):
        with self.lock:
            if self.left:
                return
            try:
                self.send()
            except Exception as error:
                self.errors.append(error)
            self.next_in(self.interval)

    def next_in(self, seconds):
        self.timer = threading.Timer(seconds, self.beat)
        self.timers.append(self.timer)
        self.timer.start()

    def __enter__(self):
        self.left, self.timers = False, []
        self.next_in(0)
        return self

    def __exit__(self, *error):
        with self.lock:
            self.left = True
            self.timer.cancel()
        for timer in self.timers:
            timer.join()
