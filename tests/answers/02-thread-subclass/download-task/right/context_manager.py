from contextlib import contextmanager


@contextmanager
def record(task):
    began = time.monotonic()
    try:
        yield
    except Exception as error:
        task.error = error
    task.duration = time.monotonic() - began


class DownloadTask(threading.Thread):
    def __init__(self, file_name, fetch):
        threading.Thread.__init__(self)
        self.file_name, self._fetch = file_name, fetch
        self.result, self.duration, self.error = None, None, None

    def run(self):
        with record(self):
            self.result = self._fetch(self.file_name)
