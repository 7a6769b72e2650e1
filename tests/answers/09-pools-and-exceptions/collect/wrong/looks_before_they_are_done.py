# fails: collect-pages
# mistake: not-joined
def collect(urls, fetch):
    pages, errors = {}, {}

    def ask(url):
        try:
            pages[url] = fetch(url)
        except Exception as error:
            errors[url] = error

    for url in urls:
        threading.Thread(target=ask, args=(url,)).start()
    return pages, errors
