# fails: fetch-all-in-order
# mistake: exception-in-thread
def fetch_all(urls, fetch):
    threads = []
    for url in urls:
        t = threading.Thread(target=fetch, args=(url))
        threads.append(t)
        t.start()
    return [t.join() for t in threads]
