# recursion: one thread for the rest
def fetch_all(urls, fetch):
    if not urls:
        return []
    rest = []
    helper = threading.Thread(target=lambda: rest.extend(fetch_all(urls[1:], fetch)))
    helper.start()
    mine = fetch(urls[0])
    helper.join()
    return [mine] + rest
