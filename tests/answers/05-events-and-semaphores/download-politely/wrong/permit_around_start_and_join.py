# fails: polite-at-once
# mistake: accidentally-serial
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    allowed = threading.Semaphore(limit)

    def download(number):
        try:
            results[number] = fetch(urls[number])
        except Exception as error:
            results[number] = error

    for number in range(len(urls)):
        with allowed:
            thread = threading.Thread(target=download, args=(number,))
            thread.start()
            thread.join()
    return results
