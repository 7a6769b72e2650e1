# fails: polite-at-once
# mistake: accidentally-serial
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)

    def download(number):
        try:
            results[number] = fetch(urls[number])
        except Exception as error:
            results[number] = error

    numbers = list(range(len(urls)))
    while numbers:
        threads = [threading.Thread(target=download, args=(n,)) for n in numbers[:limit]]
        del numbers[:limit]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return results
