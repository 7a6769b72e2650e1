# fails: fetch-all-at-once
# mistake: accidentally-serial
def fetch_all(urls, fetch):
    return [fetch(url) for url in urls]
