# fails: patient-backs-off
# mistake: wrong-without-preemption
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
                self.requests += 1
            try:
                return self.fetch(url)
            except TryLater:
                if attempt == self.attempts - 1:
                    raise
            time.sleep(self.pause)
