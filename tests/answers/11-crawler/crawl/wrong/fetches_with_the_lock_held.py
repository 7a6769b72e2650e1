# fails: crawl-at-once
# mistake: accidentally-serial
def crawl(start, fetch, limit):
    pages, seen, lock = {}, {start}, threading.RLock()

    def visit(url):
        with lock:
            pages[url] = fetch(url)
            new = [link for link in dict.fromkeys(pages[url]) if link not in seen]
            seen.update(new)
        children = [threading.Thread(target=visit, args=(link,)) for link in new]
        for child in children:
            child.start()
        for child in children:
            child.join()

    visit(start)
    return pages
