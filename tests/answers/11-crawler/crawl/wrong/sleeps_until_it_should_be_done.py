# fails: crawl-each-once
# mistake: sleep-as-synchronisation
def crawl(start, fetch, limit):
    pages, seen, lock = {}, {start}, threading.Lock()
    permits = threading.Semaphore(limit)

    def visit(url):
        with permits:
            links = fetch(url)
        with lock:
            pages[url] = links
            new = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(new)
        for link in new:
            threading.Thread(target=visit, args=(link,)).start()

    visit(start)
    while True:
        before = len(pages)
        time.sleep(30)
        if len(pages) == before:
            return pages
