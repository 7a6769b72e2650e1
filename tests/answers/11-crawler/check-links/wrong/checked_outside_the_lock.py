# fails: links-broken
# mistake: check-then-act
def check_links(start, fetch, limit):
    pages, broken, bugs = {}, {}, []
    seen, permits = {start}, threading.Semaphore(limit)

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
        threads = []
        for link in links:
            if link not in seen:
                seen.add(link)
                threads.append(threading.Thread(target=visit, args=(link,)))
                threads[-1].start()
        for thread in threads:
            thread.join()

    visit(start)
    for bug in bugs:
        raise bug
    return pages, broken
