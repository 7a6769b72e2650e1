# fails: collect-errors
# mistake: exception-swallowed
def collect(urls, fetch):
    pages, errors = {}, {}
    with ThreadPoolExecutor() as pool:
        results = pool.map(fetch, urls)
        try:
            for url in urls:
                pages[url] = next(results)
        except Exception as error:
            errors[url] = error
    return pages, errors
