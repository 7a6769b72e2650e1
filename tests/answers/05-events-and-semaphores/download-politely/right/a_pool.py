from concurrent.futures import ThreadPoolExecutor


def download_politely(urls, fetch, limit):
    with ThreadPoolExecutor(max_workers=limit) as pool:
        futures = [pool.submit(fetch, url) for url in urls]
    return [future.exception() or future.result() for future in futures]
