# fails: links-clean-end
# mistake: exception-in-thread
def check_links(start, fetch, limit):
    pages, broken = {}, {}
    seen, lock, permits = {start}, threading.Lock(), threading.Semaphore(limit)

    def visit(url):
        with permits:
            try:
                links = fetch(url)
            except PageError as error:
                broken[url] = error
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

    first = threading.Thread(target=visit, args=(start,))
    first.start()
    first.join()
    return pages, broken
