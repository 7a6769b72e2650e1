# fails: collect-at-once
# mistake: accidentally-serial
def collect(urls, fetch):
    pages, errors = {}, {}
    with ThreadPoolExecutor() as pool:
        for url in urls:
            try:
                pages[url] = pool.submit(fetch, url).result()
            except Exception as error:
                errors[url] = error
    return pages, errors
