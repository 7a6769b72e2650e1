import queue


def fetch_all(urls, fetch):
    ready = queue.Queue()
    threads = [
        threading.Thread(target=lambda url=url: ready.put((url, fetch(url)))) for url in urls
    ]
    for thread in threads:
        thread.start()
    pages = dict(ready.get() for _ in urls)
    for thread in threads:
        thread.join()
    return [pages[url] for url in urls]
