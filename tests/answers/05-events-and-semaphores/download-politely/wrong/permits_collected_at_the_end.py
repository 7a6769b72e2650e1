# fails: polite-failures
# mistake: not-joined
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    permits = threading.Semaphore(limit)

    def visit(i):
        try:
            results[i] = fetch(urls[i])
        except Exception as error:
            results[i] = error
        permits.release()

    for i in range(len(urls)):
        permits.acquire()
        threading.Thread(target=visit, args=(i,)).start()
    for _ in range(limit):
        permits.acquire()
    return results
