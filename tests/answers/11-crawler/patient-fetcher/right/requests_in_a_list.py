class PatientFetcher:
    """Notes every request down: to append to a list is a single step."""

    def __init__(self, fetch, attempts, pause):
        self.fetch = fetch
        self.attempts = attempts
        self.pause = pause
        self._asked = []

    @property
    def requests(self):
        return len(self._asked)

    def get(self, url):
        for pause in [self.pause * 2**n for n in range(self.attempts - 1)]:
            try:
                return self._ask(url)
            except TryLater:
                time.sleep(pause)
        return self._ask(url)

    def _ask(self, url):
        self._asked.append(url)
        return self.fetch(url)
