# fails: polite-failures
# mistake: completion-order
def download_politely(urls, fetch, limit):
    results = []
    allowed = threading.Semaphore(limit)

    def download(url):
        with allowed:
            try:
                results.append(fetch(url))
            except Exception as error:
                results.append(error)

    threads = [threading.Thread(target=download, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
