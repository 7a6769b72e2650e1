# fails: collect-pages
# mistake: completion-order
def collect(urls, fetch):
    pages, errors = {}, {}
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(fetch, url) for url in urls]
        for url, future in zip(urls, as_completed(futures)):
            if future.exception() is None:
                pages[url] = future.result()
            else:
                errors[url] = future.exception()
    return pages, errors
