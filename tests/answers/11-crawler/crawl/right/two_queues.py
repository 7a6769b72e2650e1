def crawl(start, fetch, limit):
    pages, seen, under_way = {}, {start}, 0
    todo, found = Queue(), Queue()

    def work():
        while (url := todo.get()) is not None:
            found.put((url, fetch(url)))

    workers = [threading.Thread(target=work) for _ in range(limit)]
    for worker in workers:
        worker.start()
    todo.put(start)
    waiting = 1
    while waiting:
        url, pages[url] = found.get()
        waiting -= 1
        for link in pages[url]:
            if link not in seen:
                seen.add(link)
                todo.put(link)
                waiting += 1
    for worker in workers:
        todo.put(None)
    for worker in workers:
        worker.join()
    return pages
