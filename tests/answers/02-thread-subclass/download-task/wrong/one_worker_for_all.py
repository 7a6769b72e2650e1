# fails: download-task-duration
# mistake: accidentally-serial
from concurrent.futures import ThreadPoolExecutor


class DownloadTask:
    pool = ThreadPoolExecutor(max_workers=1)

    def __init__(self, file_name, fetch):
        self.file_name = file_name
        self.fetch = fetch
        self.result = None
        self.duration = None
        self.error = None

    def start(self):
        self.future = self.pool.submit(self.run)

    def join(self):
        self.future.result()

    def run(self):
        began = time.monotonic()
        try:
            self.result = self.fetch(self.file_name)
        except Exception as error:
            self.error = error
        self.duration = time.monotonic() - began
