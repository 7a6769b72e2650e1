# fails: in-order-error
# mistake: not-joined
def fetch_in_order(urls, fetch, workers):
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        return list(pool.map(fetch, urls))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
