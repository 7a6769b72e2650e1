# fails: crawl-each-once
# mistake: check-then-act
def crawl(start, fetch, limit):
    pages, lock = {}, threading.Lock()
    todo = Queue()
    todo.put(start)

    def work():
        while True:
            url = todo.get()
            if url is None:
                return
            with lock:
                known = url in pages
            if not known:
                links = fetch(url)
                with lock:
                    pages[url] = links
                for link in links:
                    todo.put(link)
            todo.task_done()

    workers = [threading.Thread(target=work) for _ in range(limit)]
    for worker in workers:
        worker.start()
    todo.join()
    for worker in workers:
        todo.put(None)
    for worker in workers:
        worker.join()
    return pages
