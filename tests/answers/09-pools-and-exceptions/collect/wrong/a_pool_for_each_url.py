# fails: collect-at-once
# mistake: accidentally-serial
def collect(urls, fetch):
    pages, errors = {}, {}
    for url in urls:
        with ThreadPoolExecutor() as pool:
            future = pool.submit(fetch, url)
        if future.exception() is None:
            pages[url] = future.result()
        else:
            errors[url] = future.exception()
    return pages, errors
