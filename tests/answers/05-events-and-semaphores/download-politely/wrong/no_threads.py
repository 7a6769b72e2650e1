# fails: polite-at-once
# mistake: accidentally-serial
def download_politely(urls, fetch, limit):
    results = []
    for url in urls:
        try:
            results.append(fetch(url))
        except Exception as error:
            results.append(error)
    return results
