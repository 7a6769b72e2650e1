# fails: download-task-error
# mistake: exception-in-thread
class DownloadTask(threading.Thread):
    def __init__(self, file_name, fetch):
        super().__init__()
        self.file_name = file_name
        self.fetch = fetch
        self.result = None
        self.duration = None
        self.error = None

    def run(self):
        began = time.monotonic()
        try:
            self.result = self.fetch(self.file_name)
        except Exception as error:
            self.error = error
            raise
        finally:
            self.duration = time.monotonic() - began
