# fails: collect-pages
# mistake: late-binding
def collect(urls, fetch):
    pages, errors = {}, {}
    futures = []
    with ThreadPoolExecutor() as pool:
        for url in urls:
            futures.append(pool.submit(lambda: fetch(url)))
    for url, future in zip(urls, futures):
        if future.exception() is None:
            pages[url] = future.result()
        else:
            errors[url] = future.exception()
    return pages, errors
