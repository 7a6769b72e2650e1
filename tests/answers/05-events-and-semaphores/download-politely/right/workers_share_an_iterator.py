def download_politely(urls, fetch, limit):
    """`limit` workers share one iterator, behind a lock, and write into a dict."""
    pages, lock, rest = {}, threading.Lock(), iter(urls)

    def next_url():
        with lock:
            return next(rest, None)

    def worker():
        for url in iter(next_url, None):
            try:
                pages[url] = fetch(url)
            except Exception as error:
                pages[url] = error

    workers = [threading.Thread(target=worker) for _ in range(min(limit, len(urls)))]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    return [pages[url] for url in urls]
