# fails: crawl-limit
# mistake: limit-not-enforced
def crawl(start, fetch, limit):
    pages, seen, lock = {}, {start}, threading.Lock()

    def visit(url):
        links = fetch(url)
        with lock:
            pages[url] = links
            new = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(new)
        children = [threading.Thread(target=visit, args=(link,)) for link in new]
        for child in children:
            child.start()
        for child in children:
            child.join()

    visit(start)
    return pages
