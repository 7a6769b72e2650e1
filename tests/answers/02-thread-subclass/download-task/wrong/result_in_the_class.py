# fails: download-task-result
# mistake: lost-update
class DownloadTask(threading.Thread):
    result = None
    duration = None
    error = None

    def __init__(self, file_name, fetch):
        super().__init__()
        self.file_name = file_name
        self.fetch = fetch

    def run(self):
        began = time.monotonic()
        try:
            DownloadTask.result = self.fetch(self.file_name)
        except Exception as error:
            DownloadTask.error = error
        DownloadTask.duration = time.monotonic() - began
