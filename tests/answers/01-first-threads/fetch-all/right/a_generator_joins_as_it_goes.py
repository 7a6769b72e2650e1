def fetch_all(urls, fetch):
    # a decorator-ish: each thread stores into dict; generator joins lazily
    results = {}

    def start(url):
        def work():
            results[url] = fetch(url)

        t = threading.Thread(target=work, name=url)
        t.start()
        return url, t

    def collected(started):
        for url, t in started:
            t.join()
            yield results.pop(url)

    return list(collected([start(url) for url in urls]))
