# fails: download-task-result
# mistake: check-then-act
class DownloadTask(threading.Thread):
    results = []

    def __init__(self, file_name, fetch):
        super().__init__()
        self.file_name = file_name
        self.fetch = fetch
        self.place = None
        self.duration = None
        self.error = None

    @property
    def result(self):
        return None if self.place is None else self.results[self.place]

    def run(self):
        began = time.monotonic()
        try:
            result = self.fetch(self.file_name)
        except Exception as error:
            self.error = error
        else:
            self.place = len(self.results)
            self.results.append(result)
        self.duration = time.monotonic() - began
