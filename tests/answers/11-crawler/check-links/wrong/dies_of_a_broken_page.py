# fails: links-broken
# mistake: exception-in-thread
def check_links(start, fetch, limit):
    pages, broken = {}, {}
    seen, lock, todo = {start}, threading.Lock(), Queue()
    todo.put(start)

    def work():
        while (url := todo.get()) is not None:
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
    for worker in workers:
        todo.put(None)
    for worker in workers:
        worker.join()
    return pages, broken
