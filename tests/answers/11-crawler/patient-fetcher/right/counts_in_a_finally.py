class PatientFetcher:
    def __init__(self, fetch, attempts, pause):
        self.fetch = fetch
        self.attempts = attempts
        self.pause = pause
        self.requests = 0
        self._changing = threading.RLock()

    def _ask(self, url):
        try:
            return self.fetch(url)
        finally:
            with self._changing:
                self.requests += 1

    def get(self, url, attempt=1):
        try:
            return self._ask(url)
        except TryLater:
            if attempt >= self.attempts:
                raise
        threading.Event().wait(self.pause * 2 ** (attempt - 1))
        return self.get(url, attempt + 1)
