# fails: crawl-each-once
# mistake: check-then-act
def crawl(start, fetch, limit):
    pages, seen = {}, {start}
    lock = threading.Lock()
    permits = threading.Semaphore(limit)

    def visit(url):
        with permits:
            links = fetch(url)
        pages[url] = links
        children = []
        for link in links:
            if link not in seen:
                with lock:
                    seen.add(link)
                children.append(threading.Thread(target=visit, args=(link,)))
        for child in children:
            child.start()
        for child in children:
            child.join()

    visit(start)
    return pages
