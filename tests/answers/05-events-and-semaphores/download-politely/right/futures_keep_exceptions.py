from concurrent.futures import ThreadPoolExecutor


def download_politely(urls, fetch, limit):
    with ThreadPoolExecutor(limit) as pool:
        futures = [pool.submit(fetch, url) for url in urls]
    return [f.exception() or f.result() for f in futures]
