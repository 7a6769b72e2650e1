class DownloadTask(threading.Thread):
    def __init__(self, file_name, fetch):
        super().__init__()
        self.lock = threading.Lock()
        self.file_name = file_name
        self.fetch = fetch
        self.result = None
        self.duration = None
        self.error = None

    def run(self):
        result = None
        error = None
        began = time.time()
        try:
            result = self.fetch(self.file_name)
        except Exception as exc:
            error = exc
        ended = time.time()
        with self.lock:
            self.result = result
            self.error = error
            self.duration = ended - began
