# fails: fetch-all-at-once
# mistake: accidentally-serial
def fetch_all(urls, fetch):
    results = [None] * len(urls)

    def download(number):
        results[number] = fetch(urls[number])

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.run()
    return results
