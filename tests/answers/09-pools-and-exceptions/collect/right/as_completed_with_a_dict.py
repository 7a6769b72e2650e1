def collect(urls, fetch):
    pages, errors = {}, {}
    with ThreadPoolExecutor() as pool:
        url_of = {pool.submit(fetch, url): url for url in urls}
        for future in as_completed(url_of):
            url = url_of[future]
            try:
                pages[url] = future.result()
            except Exception as error:
                errors[url] = error
    return pages, errors
