# fails: fetch-all-in-order
# mistake: none
def fetch_all(urls, fetch):
    threads = [threading.Thread(target=fetch, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    return [thread.join() for thread in threads]
