# fails: in-order-workers
# mistake: accidentally-serial
def fetch_in_order(urls, fetch, workers):
    pages = []
    for url in urls:
        with ThreadPoolExecutor(max_workers=workers) as pool:
            pages.append(pool.submit(fetch, url).result())
    return pages
