# fails: fetch-all-in-order
# mistake: completion-order
def fetch_all(urls, fetch):
    results = []

    def download(url):
        results.append(fetch(url))

    threads = [threading.Thread(target=download, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
