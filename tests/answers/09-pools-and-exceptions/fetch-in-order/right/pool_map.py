def fetch_in_order(urls, fetch, workers):
    with ThreadPoolExecutor(workers) as pool:
        results = pool.map(fetch, urls)
    return list(results)
