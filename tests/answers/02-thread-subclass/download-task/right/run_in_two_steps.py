class Timed(threading.Thread):
    """A thread that knows how long its work took."""

    def __init__(self, **options):
        super().__init__(**options)
        self.duration = None

    def run(self):
        began = time.perf_counter()
        self.work()
        self.duration = time.perf_counter() - began


class DownloadTask(Timed):
    def __init__(self, file_name, fetch):
        super().__init__(name=f"download of {file_name}")
        self.file_name = file_name
        self.fetch = fetch
        self.outcome = (None, None)

    def work(self):
        try:
            self.outcome = (self.fetch(self.file_name), None)
        except Exception as error:
            self.outcome = (None, error)

    @property
    def result(self):
        return self.outcome[0]

    @property
    def error(self):
        return self.outcome[1]
