# fails: download-task-duration
# mistake: wrong-without-preemption
class DownloadTask(threading.Thread):
    def __init__(self, file_name, fetch):
        super().__init__()
        self.file_name = file_name
        self.fetch = fetch
        self.result = None
        self.duration = None
        self.error = None

    def start(self):
        began = time.monotonic()
        super().start()
        self.duration = time.monotonic() - began

    def run(self):
        try:
            self.result = self.fetch(self.file_name)
        except Exception as error:
            self.error = error
