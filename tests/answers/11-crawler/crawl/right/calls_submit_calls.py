def crawl(start, fetch, limit):
    pages, seen, futures = {}, {start}, Queue()
    lock = threading.Lock()

    def visit(url):
        links = fetch(url)
        with lock:
            pages[url] = links
            new = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(new)
        for link in new:
            futures.put(pool.submit(visit, link))

    with ThreadPoolExecutor(max_workers=limit) as pool:
        pool.submit(visit, start).result()
        while not futures.empty():
            futures.get().result()
    return pages
