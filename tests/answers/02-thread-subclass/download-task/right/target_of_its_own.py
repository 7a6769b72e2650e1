class DownloadTask(threading.Thread):
    result = None
    duration = None
    error = None

    def __init__(self, file_name, fetch):
        self.file_name = file_name
        super().__init__(target=self.download, args=(fetch,))

    def download(self, fetch):
        began = time.monotonic()
        try:
            result = fetch(self.file_name)
        except Exception as raised:
            self.error = raised
        else:
            self.result = result
        finally:
            self.duration = time.monotonic() - began
