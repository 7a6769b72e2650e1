class PatientFetcher:
    def __init__(self, fetch, attempts, pause):
        self.fetch = fetch
        self.attempts = attempts
        self.pause = pause
        self._calls = Queue()

    @property
    def requests(self):
        return self._calls.qsize()

    def get(self, url):
        attempt = 0
        while True:
            self._calls.put(url)
            try:
                return self.fetch(url)
            except TryLater as error:
                attempt += 1
                if attempt == self.attempts:
                    raise error
                time.sleep(self.pause * 2 ** (attempt - 1))
