class DownloadTask(threading.Thread):
    """A thread that downloads one file and keeps what came of it."""

    def __init__(self, file_name, fetch):
        super().__init__()
        self.file_name = file_name
        self.fetch = fetch
        self.result = None
        self.duration = None
        self.error = None

    def run(self):
        start_time = time.monotonic()
        try:
            self.result = self.fetch(self.file_name)
        except Exception as error:
            self.error = error
        finally:
            self.duration = time.monotonic() - start_time
