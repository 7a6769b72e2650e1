from concurrent.futures import ThreadPoolExecutor


def fetch_all(urls, fetch):
    with ThreadPoolExecutor(max_workers=len(urls) or 1) as pool:
        return list(pool.map(fetch, urls))
