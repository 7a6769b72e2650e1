# fails: collect-errors
# mistake: exception-swallowed
def collect(urls, fetch):
    pages, errors = {}, {}

    def ask(url):
        pages[url] = fetch(url)

    with ThreadPoolExecutor() as pool:
        for url in urls:
            pool.submit(ask, url)
    return pages, errors
