# fails: patient-shared
# mistake: check-then-act
class PatientFetcher:
    def __init__(self, fetch, attempts, pause):
        self.fetch = fetch
        self.attempts = attempts
        self.pause = pause
        self.requests = 0
        self.lock, self.attempt = threading.Lock(), 0

    def get(self, url):
        self.attempt = 0
        while True:
            with self.lock:
                self.requests += 1
                self.attempt += 1
            try:
                return self.fetch(url)
            except TryLater:
                if self.attempt >= self.attempts:
                    raise
            time.sleep(self.pause * 2 ** (self.attempt - 1))
