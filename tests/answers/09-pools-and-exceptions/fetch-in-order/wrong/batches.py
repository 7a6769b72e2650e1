# fails: in-order-workers
# mistake: accidentally-serial
def fetch_in_order(urls, fetch, workers):
    pages, errors = {}, {}

    def work(url):
        try:
            pages[url] = fetch(url)
        except Exception as error:
            errors[url] = error

    for begin in range(0, len(urls), workers):
        batch = [threading.Thread(target=work, args=(u,)) for u in urls[begin : begin + workers]]
        for thread in batch:
            thread.start()
        for thread in batch:
            thread.join()
    for url in urls:
        if url in errors:
            raise errors[url]
    return [pages[url] for url in urls]
