def check_links(start, fetch, limit):
    pages, broken = {}, {}
    todo, seen, busy, bug = [start], {start}, 0, None
    changed = threading.Condition()

    def work():
        nonlocal busy, bug
        while True:
            with changed:
                changed.wait_for(lambda: bug or todo or not busy)
                if bug or not todo:
                    return
                url = todo.pop()
                busy += 1
            links, error = [], None
            try:
                links = fetch(url)
            except Exception as caught:
                error = caught
            with changed:
                busy -= 1
                if error is None:
                    pages[url] = links
                elif isinstance(error, PageError):
                    broken[url] = error
                else:
                    bug = error
                for link in links:
                    if link not in seen:
                        seen.add(link)
                        todo.append(link)
                changed.notify_all()

    workers = [threading.Thread(target=work) for _ in range(limit)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if bug:
        raise bug
    return pages, broken
