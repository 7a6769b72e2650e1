# fails: links-clean-end
# mistake: not-joined
def check_links(start, fetch, limit):
    todo, answers = Queue(), Queue()

    def work():
        while (url := todo.get()) is not None:
            try:
                answers.put((url, fetch(url), None))
            except Exception as error:
                answers.put((url, [], error))

    workers = [threading.Thread(target=work) for _ in range(limit)]
    for worker in workers:
        worker.start()
    todo.put(start)
    pages, broken, seen, over = {}, {}, {start}, 0
    while over < len(seen):
        url, links, error = answers.get()
        over += 1
        if isinstance(error, PageError):
            broken[url] = error
            continue
        if error is not None:
            for worker in workers:
                todo.put(None)
            raise error
        pages[url] = links
        for link in links:
            if link not in seen:
                seen.add(link)
                todo.put(link)
    for worker in workers:
        todo.put(None)
    for worker in workers:
        worker.join()
    return pages, broken
