# fails: in-order-error
# mistake: self-deadlock
def fetch_in_order(urls, fetch, workers):
    pool = ThreadPoolExecutor(max_workers=workers)

    def all_of_them():
        return [future.result() for future in [pool.submit(fetch, url) for url in urls]]

    with pool:
        return pool.submit(all_of_them).result()
