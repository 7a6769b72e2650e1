# fails: polite-failures
# mistake: exception-swallowed
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    allowed = threading.Semaphore(limit)

    def download(number):
        with allowed:
            try:
                results[number] = fetch(urls[number])
            except Exception:
                pass

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
