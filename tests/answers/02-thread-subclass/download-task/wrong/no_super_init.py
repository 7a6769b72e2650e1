# fails: download-task-result
# mistake: wrong-without-preemption
class DownloadTask(threading.Thread):
    def __init__(self, file_name, fetch):
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
        self.duration = time.monotonic() - began
