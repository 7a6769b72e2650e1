# fails: in-order-workers
# mistake: accidentally-serial
def fetch_in_order(urls, fetch, workers):
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return [pool.submit(fetch, url).result() for url in urls]
