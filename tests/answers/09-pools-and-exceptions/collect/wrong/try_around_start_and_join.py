# fails: collect-errors
# mistake: exception-in-thread
def collect(urls, fetch):
    pages, errors = {}, {}

    def ask(url):
        pages[url] = fetch(url)

    threads = {url: threading.Thread(target=ask, args=(url,)) for url in urls}
    for thread in threads.values():
        thread.start()
    for url, thread in threads.items():
        try:
            thread.join()
        except Exception as error:
            errors[url] = error
    return pages, errors
