import queue


class Beater(threading.Thread):
    def __init__(self, heartbeat):
        super().__init__(daemon=True)
        self.heartbeat = heartbeat
        self.inbox = queue.SimpleQueue()

    def run(self):
        while True:
            try:
                self.heartbeat.send()
            except Exception as error:
                self.heartbeat.errors.append(error)
            try:
                self.inbox.get(timeout=self.heartbeat.interval)
            except queue.Empty:
                continue
            return


class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []

    def __enter__(self):
        self.beater = Beater(self)
        self.beater.start()
        return self

    def __exit__(self, *error):
        self.beater.inbox.put(None)
        self.beater.join()
