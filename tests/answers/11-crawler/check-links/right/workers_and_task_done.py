def check_links(start, fetch, limit):
    pages, broken, bugs = {}, {}, []
    seen, lock, todo = {start}, threading.Lock(), Queue()
    todo.put(start)

    def visit(url):
        try:
            links = fetch(url)
        except PageError as error:
            broken[url] = error
            return
        except BaseException as error:
            bugs.append(error)
            return
        with lock:
            pages[url] = links
            new = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(new)
        for link in new:
            todo.put(link)

    def work():
        while (url := todo.get()) is not None:
            if not bugs:
                visit(url)
            todo.task_done()

    workers = [threading.Thread(target=work) for _ in range(limit)]
    for worker in workers:
        worker.start()
    todo.join()
    for worker in workers:
        todo.put(None)
    for worker in workers:
        worker.join()
    if bugs:
        raise bugs[0]
    return pages, broken
