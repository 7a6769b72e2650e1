def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    free = limit
    changed = threading.Condition()

    def download(number):
        nonlocal free
        with changed:
            changed.wait_for(lambda: free > 0)
            free -= 1
        try:
            results[number] = fetch(urls[number])
        except Exception as error:
            results[number] = error
        with changed:
            free += 1
            changed.notify()

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
