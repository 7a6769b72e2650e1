# fails: in-order-error
# mistake: exception-swallowed
def fetch_in_order(urls, fetch, workers):
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = [pool.submit(fetch, url) for url in urls]
        for future in as_completed(futures):
            future.result()
        return [future.result() for future in futures]
