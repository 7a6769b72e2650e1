def collect(urls, fetch):
    pages, errors = {}, {}

    def sort(url, future):
        if future.exception():
            errors[url] = future.exception()
        else:
            pages[url] = future.result()

    with ThreadPoolExecutor(max_workers=max(len(urls), 1)) as pool:
        for url in urls:
            pool.submit(fetch, url).add_done_callback(partial(sort, url))
    return pages, errors
