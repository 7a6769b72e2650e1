def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    left = list(range(len(urls)))
    lock = threading.Lock()

    def worker():
        while True:
            with lock:
                if not left:
                    return
                number = left.pop(0)
            try:
                results[number] = fetch(urls[number])
            except Exception as error:
                results[number] = error

    threads = [threading.Thread(target=worker) for _ in range(min(limit, len(urls)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
