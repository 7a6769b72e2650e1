# fails: polite-limit
# mistake: limit-not-enforced
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    allowed = threading.Semaphore(limit)

    def download(number):
        mine = allowed.acquire(blocking=False)
        try:
            results[number] = fetch(urls[number])
        except Exception as error:
            results[number] = error
        if mine:
            allowed.release()

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
