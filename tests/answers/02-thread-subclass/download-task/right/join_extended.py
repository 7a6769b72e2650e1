class DownloadTask(threading.Thread):
    """Reads what the thread has left when somebody waits for it."""

    def __init__(self, file_name, fetch):
        super().__init__()
        self.file_name = file_name
        self.fetch = fetch
        self.left = []
        self.result = self.error = self.duration = None

    def run(self):
        began = time.monotonic()
        try:
            self.left.append(("result", self.fetch(self.file_name)))
        except Exception as error:
            self.left.append(("error", error))
        self.left.append(("duration", time.monotonic() - began))

    def join(self, timeout=None):
        super().join(timeout)
        for name, value in self.left:
            setattr(self, name, value)
