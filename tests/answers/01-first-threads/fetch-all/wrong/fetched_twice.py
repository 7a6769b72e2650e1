# fails: fetch-all-in-order
# mistake: wrong-without-preemption
def fetch_all(urls, fetch):
    threads = [threading.Thread(target=fetch, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [fetch(url) for url in urls]
