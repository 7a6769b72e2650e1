# fails: fetch-all-ended
# mistake: not-joined
import queue


def fetch_all(urls, fetch):
    ready = queue.Queue()

    def download(url):
        ready.put((url, fetch(url)))

    for url in urls:
        threading.Thread(target=download, args=(url,)).start()
    pages = dict(ready.get() for _ in urls)
    return [pages[url] for url in urls]
