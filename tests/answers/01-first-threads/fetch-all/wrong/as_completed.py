# fails: fetch-all-in-order
# mistake: completion-order
from concurrent.futures import ThreadPoolExecutor, as_completed


def fetch_all(urls, fetch):
    with ThreadPoolExecutor(max_workers=len(urls) or 1) as pool:
        futures = [pool.submit(fetch, url) for url in urls]
        return [future.result() for future in as_completed(futures)]
