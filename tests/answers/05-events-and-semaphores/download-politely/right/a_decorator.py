import functools


def at_most(limit):
    permits = threading.BoundedSemaphore(limit)

    def decorate(function):
        @functools.wraps(function)
        def limited(*args):
            with permits:
                return function(*args)

        return limited

    return decorate


def download_politely(urls, fetch, limit):
    results = [None] * len(urls)

    @at_most(limit)
    def download(number):
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
