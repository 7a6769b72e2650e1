# fails: in-order-workers
# mistake: limit-not-enforced
def fetch_in_order(urls, fetch, workers):
    def work(url):
        with threading.Semaphore(workers):
            return fetch(url)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(work, urls))
