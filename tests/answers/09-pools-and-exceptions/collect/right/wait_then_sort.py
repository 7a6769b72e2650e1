def collect(urls, fetch):
    pool = ThreadPoolExecutor()
    futures = {url: pool.submit(fetch, url) for url in urls}
    wait(futures.values())
    pool.shutdown()
    failed = {url for url, future in futures.items() if future.exception()}
    pages = {url: futures[url].result() for url in urls if url not in failed}
    return pages, {url: futures[url].exception() for url in failed}
