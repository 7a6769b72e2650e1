import queue


def download_politely(urls, fetch, limit):
    permits = queue.Queue()
    for _ in range(limit):
        permits.put("permit")
    results = [None] * len(urls)

    def download(number):
        permit = permits.get()
        try:
            results[number] = fetch(urls[number])
        except Exception as error:
            results[number] = error
        permits.put(permit)

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
