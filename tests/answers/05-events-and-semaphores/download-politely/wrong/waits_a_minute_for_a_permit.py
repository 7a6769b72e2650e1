# fails: polite-limit
# mistake: timeout-ignored
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    allowed = threading.Semaphore(limit)

    def download(number):
        allowed.acquire(timeout=60)
        try:
            results[number] = fetch(urls[number])
        except Exception as error:
            results[number] = error
        allowed.release()

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
