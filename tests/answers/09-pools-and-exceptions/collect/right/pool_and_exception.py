def collect(urls, fetch):
    pages, errors = {}, {}
    with ThreadPoolExecutor(max_workers=5) as pool:
        futures = [pool.submit(fetch, url) for url in urls]
    for url, future in zip(urls, futures):
        error = future.exception()
        if error is None:
            pages[url] = future.result()
        else:
            errors[url] = error
    return pages, errors
