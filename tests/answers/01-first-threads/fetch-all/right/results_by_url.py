def fetch_all(urls, fetch):
    """Keep each page under its address, and put them in order at the end."""
    pages = {}

    def download(url):
        pages[url] = fetch(url)

    threads = {url: threading.Thread(target=download, args=(url,), name=url) for url in urls}
    for thread in threads.values():
        thread.start()
    for thread in threads.values():
        thread.join()
    return [pages[url] for url in urls]
