# fails: fetch-all-ended
# mistake: timeout-ignored
def fetch_all(urls, fetch):
    results = [None] * len(urls)

    def download(number):
        results[number] = fetch(urls[number])

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    return results
