# fails: fetch-all-in-order
# mistake: late-binding
def fetch_all(urls, fetch):
    results = {}
    threads = []
    for url in urls:
        threads.append(threading.Thread(target=lambda: results.update({url: fetch(url)})))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results.get(url) for url in urls]
