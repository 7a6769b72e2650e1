# fails: collect-at-once
# mistake: accidentally-serial
def collect(urls, fetch):
    pages, errors = {}, {}
    for url in urls:
        try:
            pages[url] = fetch(url)
        except Exception as error:
            errors[url] = error
    return pages, errors
