def fetch_in_order(urls, fetch, workers):
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = [pool.submit(fetch, url) for url in urls]
    return [future.result() for future in futures]
