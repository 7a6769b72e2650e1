def fetch_all(urls, fetch):
    ready = []

    def download(number):
        page = fetch(urls[number])
        ready.append((number, page))

    threads = [threading.Thread(target=download, args=[number]) for number in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [page for number, page in sorted(ready)]
