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
    pages, broken, seen = {}, {}, {start}
    known, under_way = [start], 0
    try:
        while known or under_way:
            while known and under_way < limit:
                todo.put(known.pop())
                under_way += 1
            url, links, error = answers.get()
            under_way -= 1
            if isinstance(error, PageError):
                broken[url] = error
            elif error is not None:
                raise error
            else:
                pages[url] = links
            new = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(new)
            known += new
    finally:
        for worker in workers:
            todo.put(None)
        for worker in workers:
            worker.join()
    return pages, broken
