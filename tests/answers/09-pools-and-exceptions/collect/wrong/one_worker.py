# fails: collect-at-once
# mistake: accidentally-serial
def collect(urls, fetch):
    pages, errors = {}, {}
    with ThreadPoolExecutor(max_workers=1) as pool:
        futures = {url: pool.submit(fetch, url) for url in urls}
    for url, future in futures.items():
        if future.exception() is None:
            pages[url] = future.result()
        else:
            errors[url] = future.exception()
    return pages, errors
