class Download(threading.Thread):
    def __init__(self, url, fetch, permits):
        super().__init__(name=url)
        self.url = url
        self.fetch = fetch
        self.permits = permits
        self.result = None

    def run(self):
        with self.permits:
            try:
                self.result = self.fetch(self.url)
            except Exception as error:
                self.result = error


def download_politely(urls, fetch, limit):
    permits = threading.Semaphore(limit)
    downloads = [Download(url, fetch, permits) for url in urls]
    for download in downloads:
        download.start()
    for download in downloads:
        download.join()
    return [download.result for download in downloads]
