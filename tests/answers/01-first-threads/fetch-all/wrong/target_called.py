# fails: fetch-all-at-once
# mistake: accidentally-serial
def fetch_all(urls, fetch):
    results = []
    threads = [threading.Thread(target=results.append(fetch(url))) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
