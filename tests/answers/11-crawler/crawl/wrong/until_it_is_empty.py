# fails: crawl-at-once
# mistake: accidentally-serial
def crawl(start, fetch, limit):
    pages, seen, lock = {}, {start}, threading.Lock()
    todo = Queue()
    todo.put(start)

    def work():
        while True:
            with lock:
                if todo.empty():
                    return
                url = todo.get()
            links = fetch(url)
            with lock:
                pages[url] = links
                for link in links:
                    if link not in seen:
                        seen.add(link)
                        todo.put(link)

    workers = [threading.Thread(target=work) for _ in range(limit)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return pages
