# fails: in-order-pages
# mistake: completion-order
def fetch_in_order(urls, fetch, workers):
    pages = []

    def work(url):
        pages.append(fetch(url))

    with ThreadPoolExecutor(max_workers=workers) as pool:
        for future in [pool.submit(work, url) for url in urls]:
            future.result()
    return pages
