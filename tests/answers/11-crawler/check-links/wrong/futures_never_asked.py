# fails: links-clean-end
# mistake: exception-swallowed
def check_links(start, fetch, limit):
    pages, broken = {}, {}
    seen, lock = {start}, threading.Lock()
    under_way = threading.Semaphore(0)

    def visit(url):
        try:
            links = []
            try:
                links = pages[url] = fetch(url)
            except PageError as error:
                broken[url] = error
            with lock:
                new = [link for link in dict.fromkeys(links) if link not in seen]
                seen.update(new)
            for link in new:
                pool.submit(visit, link)
        finally:
            under_way.release()

    with ThreadPoolExecutor(max_workers=limit) as pool:
        pool.submit(visit, start)
        over = 0
        while over < len(seen):
            under_way.acquire()
            over += 1
    return pages, broken
