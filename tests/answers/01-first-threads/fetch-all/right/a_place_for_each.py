def fetch_all(urls, fetch):
    results = [None] * len(urls)

    def download(number, url):
        results[number] = fetch(url)

    threads = []
    for number, url in enumerate(urls):
        thread = threading.Thread(target=download, args=(number, url))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    return results
