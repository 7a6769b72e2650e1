def counted(fetcher, fetch):
    lock = threading.Lock()

    def ask(url):
        with lock:
            fetcher.requests += 1
        return fetch(url)

    return ask


class PatientFetcher:
    def __init__(self, fetch, attempts, pause):
        self.requests = 0
        self.fetch = counted(self, fetch)
        self.pauses = [pause * 2**n for n in range(attempts - 1)]

    def get(self, url):
        pauses = iter(self.pauses)
        while True:
            try:
                return self.fetch(url)
            except TryLater:
                pause = next(pauses, None)
                if pause is None:
                    raise
                time.sleep(pause)
