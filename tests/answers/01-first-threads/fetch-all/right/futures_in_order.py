from concurrent.futures import ThreadPoolExecutor


def fetch_all(urls, fetch):
    if not urls:
        return []
    with ThreadPoolExecutor(len(urls)) as pool:
        futures = [pool.submit(fetch, url) for url in urls]
    return [future.result() for future in futures]
