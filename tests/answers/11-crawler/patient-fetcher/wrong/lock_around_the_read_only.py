# fails: patient-shared
# mistake: lock-released-between-read-and-write
class PatientFetcher:
    def __init__(self, fetch, attempts, pause):
        self.fetch = fetch
        self.attempts = attempts
        self.pause = pause
        self.requests = 0
        self.lock = threading.Lock()

    def get(self, url):
        for attempt in range(self.attempts):
            with self.lock:
                number = self.requests + 1
            try:
                with self.lock:
                    self.requests = number
                return self.fetch(url)
            except TryLater:
                if attempt == self.attempts - 1:
                    raise
            time.sleep(self.pause * 2**attempt)
