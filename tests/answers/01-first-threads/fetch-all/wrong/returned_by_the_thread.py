# fails: fetch-all-in-order
# mistake: wrong-without-preemption
def fetch_all(urls, fetch):
    threads = [threading.Thread(target=fetch, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    return [thread.join() for thread in threads]
