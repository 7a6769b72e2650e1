# fails: polite-failures
# mistake: permit-leak
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    allowed = threading.Semaphore(limit)

    def download(number):
        allowed.acquire()
        try:
            results[number] = fetch(urls[number])
            allowed.release()
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
