# fails: collect-errors
# mistake: exception-swallowed
def collect(urls, fetch):
    pages, errors = {}, {}

    def ask(url):
        try:
            pages[url] = fetch(url)
        except Exception:
            pass

    threads = [threading.Thread(target=ask, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pages, errors
