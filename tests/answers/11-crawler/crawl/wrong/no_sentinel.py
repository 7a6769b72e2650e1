# fails: crawl-each-once
# mistake: missing-sentinel
def crawl(start, fetch, limit):
    pages, seen, lock = {}, {start}, threading.Lock()
    todo = Queue()
    todo.put(start)

    def work():
        while True:
            url = todo.get()
            if url is None:
                return
            links = fetch(url)
            with lock:
                pages[url] = links
                new = [link for link in dict.fromkeys(links) if link not in seen]
                seen.update(new)
            for link in new:
                todo.put(link)
            todo.task_done()

    workers = [threading.Thread(target=work) for _ in range(limit)]
    for worker in workers:
        worker.start()
    todo.join()
    todo.put(None)
    for worker in workers:
        worker.join()
    return pages
