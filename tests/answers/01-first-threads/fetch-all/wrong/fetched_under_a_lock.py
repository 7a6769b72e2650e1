# fails: fetch-all-at-once
# mistake: accidentally-serial
def fetch_all(urls, fetch):
    results = {}
    lock = threading.Lock()

    def download(url):
        with lock:
            results[url] = fetch(url)

    threads = [threading.Thread(target=download, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[url] for url in urls]
