def download_politely(urls, fetch, limit):
    permits = threading.Semaphore(limit)
    results = [None] * len(urls)

    def download(number, url):
        try:
            results[number] = fetch(url)
        except Exception as error:
            results[number] = error
        finally:
            permits.release()

    threads = []
    for number, url in enumerate(urls):
        permits.acquire()
        thread = threading.Thread(target=download, args=(number, url))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    return results
