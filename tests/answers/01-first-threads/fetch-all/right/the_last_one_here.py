def fetch_all(urls, fetch):
    """One thread for each address but the last, which is fetched here meanwhile."""
    if not urls:
        return []
    pages = {}
    helpers = []
    for url in urls[:-1]:
        helper = threading.Thread(target=lambda url: pages.update({url: fetch(url)}), args=(url,))
        helper.start()
        helpers.append(helper)
    pages[urls[-1]] = fetch(urls[-1])
    for helper in helpers:
        helper.join()
    return [pages[url] for url in urls]
