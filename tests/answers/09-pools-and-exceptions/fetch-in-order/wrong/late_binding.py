# fails: in-order-pages
# mistake: late-binding
def fetch_in_order(urls, fetch, workers):
    futures = []
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for url in urls:
            futures.append(pool.submit(lambda: fetch(url)))
    return [future.result() for future in futures]
