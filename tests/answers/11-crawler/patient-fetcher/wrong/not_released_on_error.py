# fails: patient-backs-off
# mistake: self-deadlock
class PatientFetcher:
    def __init__(self, fetch, attempts, pause):
        self.fetch = fetch
        self.attempts = attempts
        self.pause = pause
        self.requests = 0
        self.lock = threading.Lock()

    def get(self, url):
        for attempt in range(self.attempts):
            self.lock.acquire()
            try:
                links = self.fetch(url)
                self.requests += 1
                self.lock.release()
                return links
            except TryLater:
                if attempt == self.attempts - 1:
                    raise
            time.sleep(self.pause * 2**attempt)
