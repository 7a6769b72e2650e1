class Download(threading.Thread):
    def __init__(self, fetch, url):
        super().__init__(name=url)
        self.fetch = fetch
        self.url = url
        self.page = None

    def run(self):
        self.page = self.fetch(self.url)


def fetch_all(urls, fetch):
    downloads = [Download(fetch, url) for url in urls]
    for download in downloads:
        download.start()
    for download in downloads:
        download.join()
    return [download.page for download in downloads]
