class DownloadTask:
    """No thread itself: it makes one when it is started."""

    def __init__(self, file_name, fetch):
        self.file_name = file_name
        self.result = self.duration = self.error = None
        self._fetch = fetch
        self._thread = None

    def start(self):
        self._thread = threading.Thread(target=self._download, name=self.file_name)
        self._thread.start()

    def join(self):
        self._thread.join()

    def _download(self):
        began = time.monotonic()
        try:
            self.result = self._fetch(self.file_name)
        except Exception as error:
            self.error = error
        self.duration = time.monotonic() - began
