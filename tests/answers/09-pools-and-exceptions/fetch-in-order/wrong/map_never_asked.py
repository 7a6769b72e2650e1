# fails: in-order-error
# mistake: exception-swallowed
def fetch_in_order(urls, fetch, workers):
    pages = {}

    def work(url):
        pages[url] = fetch(url)

    with ThreadPoolExecutor(max_workers=workers) as pool:
        pool.map(work, urls)
    return [pages.get(url) for url in urls]
