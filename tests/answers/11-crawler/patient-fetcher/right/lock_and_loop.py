class PatientFetcher:
    def __init__(self, fetch, attempts, pause):
        self.fetch = fetch
        self.attempts = attempts
        self.pause = pause
        self.requests = 0
        self.lock = threading.Lock()

    def get(self, url):
        wait = self.pause
        left = self.attempts
        while True:
            with self.lock:
                self.requests += 1
            left -= 1
            try:
                return self.fetch(url)
            except TryLater:
                if left == 0:
                    raise
            time.sleep(wait)
            wait *= 2
