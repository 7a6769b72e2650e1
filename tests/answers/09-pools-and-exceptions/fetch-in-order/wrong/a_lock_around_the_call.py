# fails: in-order-workers
# mistake: accidentally-serial
def fetch_in_order(urls, fetch, workers):
    lock = threading.Lock()

    def work(url):
        with lock:
            return fetch(url)

    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(work, urls))
