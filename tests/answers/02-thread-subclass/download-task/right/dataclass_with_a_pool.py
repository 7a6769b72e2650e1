from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(eq=False)
class DownloadTask:
    file_name: str
    fetch: object
    result: object = None
    duration: float | None = None
    error: Exception | None = None

    def start(self):
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._pool.submit(self._run)

    def _run(self):
        began = time.monotonic()
        try:
            self.result = self.fetch(self.file_name)
        except Exception as error:
            self.error = error
        self.duration = time.monotonic() - began

    def join(self):
        self._pool.shutdown(wait=True)
