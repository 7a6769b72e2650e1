# fails: collect-errors
# mistake: lost-update
def collect(urls, fetch):
    pages, errors = {}, {}

    def ask(url):
        nonlocal pages, errors
        try:
            page = fetch(url)
            pages = pages | {url: page}
        except Exception as error:
            errors = errors | {url: error}

    with ThreadPoolExecutor() as pool:
        for url in urls:
            pool.submit(ask, url)
    return pages, errors
