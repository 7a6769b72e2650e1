# fails: polite-limit
# mistake: limit-not-enforced
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    allowed = threading.Semaphore(limit + 1)  # counted from 0

    def download(number):
        with allowed:
            try:
                results[number] = fetch(urls[number])
            except Exception as error:
                results[number] = error

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
