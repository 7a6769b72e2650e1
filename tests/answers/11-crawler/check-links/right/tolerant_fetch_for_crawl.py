class Fetcher:
    """A fetch that never fails: it keeps what went wrong."""

    def __init__(self, fetch):
        self.fetch = fetch
        self.broken = {}
        self.over = threading.Event()
        self.bug = None

    def __call__(self, url):
        if not self.over.is_set():
            try:
                return self.fetch(url)
            except PageError as error:
                self.broken[url] = error
            except BaseException as error:
                self.bug = error
                self.over.set()
        return []


def check_links(start, fetch, limit):
    fetcher = Fetcher(fetch)
    found = crawl(start, fetcher, limit)
    if fetcher.over.is_set():
        raise fetcher.bug
    for url in fetcher.broken:
        del found[url]
    return found, fetcher.broken
