def fetch_in_order(urls, fetch, workers):
    results = [None] * len(urls)
    errors = [None] * len(urls)
    allowed = threading.BoundedSemaphore(workers)

    def work(number):
        with allowed:
            try:
                results[number] = fetch(urls[number])
            except Exception as error:
                errors[number] = error

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        if error is not None:
            raise error
    return results
