def check_links(start, fetch, limit):
    pages, broken, bugs = {}, {}, []
    seen, lock, permits = {start}, threading.Lock(), threading.Semaphore(limit)

    def visit(url):
        links = []
        with permits:
            if bugs:
                return
            try:
                links = pages[url] = fetch(url)
            except PageError as error:
                broken[url] = error
            except Exception as error:
                bugs.append(error)
        with lock:
            new = [] if bugs else [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(new)
        threads = [threading.Thread(target=visit, args=(link,)) for link in new]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    visit(start)
    for bug in bugs:
        raise bug
    return pages, broken
