# fails: patient-shared
# mistake: lost-update
class PatientFetcher:
    def __init__(self, fetch, attempts, pause):
        self.fetch = fetch
        self.attempts = attempts
        self.pause = pause
        self.requests = 0

    def get(self, url):
        attempt, before = 0, self.requests
        try:
            while True:
                attempt += 1
                try:
                    return self.fetch(url)
                except TryLater:
                    if attempt == self.attempts:
                        raise
                time.sleep(self.pause * 2 ** (attempt - 1))
        finally:
            self.requests = before + attempt
