# fails: crawl-at-once
# mistake: not-joined
def crawl(start, fetch, limit):
    pages, seen, lock = {}, {start}, threading.Lock()
    todo = Queue()
    todo.put(start)

    def work():
        while True:
            url = todo.get()
            todo.task_done()
            if url is None:
                return
            links = fetch(url)
            with lock:
                pages[url] = links
                new = [link for link in dict.fromkeys(links) if link not in seen]
                seen.update(new)
            for link in new:
                todo.put(link)

    workers = [threading.Thread(target=work) for _ in range(limit)]
    for worker in workers:
        worker.start()
    todo.join()
    for worker in workers:
        todo.put(None)
    for worker in workers:
        worker.join()
    return pages
