# fails: links-broken
# mistake: permit-leak
def check_links(start, fetch, limit):
    pages, broken, bugs = {}, {}, []
    seen, lock, permits = {start}, threading.Lock(), threading.Semaphore(limit)

    def visit(url):
        permits.acquire()
        if bugs:
            permits.release()
            return
        try:
            links = fetch(url)
            permits.release()
        except PageError as error:
            broken[url] = error
            return
        except Exception as error:
            bugs.append(error)
            return
        with lock:
            pages[url] = links
            new = [link for link in dict.fromkeys(links) if link not in seen]
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
