import queue


def collect(urls, fetch):
    found = queue.Queue()

    def ask(url):
        try:
            found.put(("page", url, fetch(url)))
        except Exception as error:
            found.put(("error", url, error))

    for url in urls:
        threading.Thread(target=ask, args=(url,)).start()
    dicts = {"page": {}, "error": {}}
    for _ in urls:
        kind, url, value = found.get()
        dicts[kind][url] = value
    return dicts["page"], dicts["error"]
