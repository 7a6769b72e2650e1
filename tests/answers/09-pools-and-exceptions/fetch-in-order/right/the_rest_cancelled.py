def fetch_in_order(urls, fetch, workers):
    pool = ThreadPoolExecutor(max_workers=workers)
    futures = [pool.submit(fetch, url) for url in urls]
    try:
        return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)
