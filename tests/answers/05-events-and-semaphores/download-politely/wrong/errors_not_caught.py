# fails: polite-failures
# mistake: exception-in-thread
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    allowed = threading.Semaphore(limit)

    def download(number):
        with allowed:
            results[number] = fetch(urls[number])

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
