# fails: fetch-all-at-once
# mistake: accidentally-serial
from concurrent.futures import ThreadPoolExecutor


def fetch_all(urls, fetch):
    with ThreadPoolExecutor(max_workers=1) as pool:
        return list(pool.map(fetch, urls))
