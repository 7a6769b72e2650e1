# fails: in-order-error
# mistake: exception-swallowed
def fetch_in_order(urls, fetch, workers):
    def work(url):
        try:
            return fetch(url)
        except Exception:
            return None

    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(work, urls))
