# fails: in-order-workers
# mistake: limit-not-enforced
def fetch_in_order(urls, fetch, workers):
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(fetch, url) for url in urls]
        wait(futures)
    return [future.result() for future in futures]
