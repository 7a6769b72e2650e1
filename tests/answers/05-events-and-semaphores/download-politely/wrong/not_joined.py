# fails: polite-failures
# mistake: not-joined
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    allowed = threading.Semaphore(limit)

    def download(number):
        with allowed:
            try:
                results[number] = fetch(urls[number])
            except Exception as error:
                results[number] = error

    for number in range(len(urls)):
        threading.Thread(target=download, args=(number,)).start()
    return results
