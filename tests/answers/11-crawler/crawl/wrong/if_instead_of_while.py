# fails: crawl-each-once
# mistake: if-instead-of-while
def crawl(start, fetch, limit):
    pages, todo, seen = {}, [start], {start}
    busy = 0
    changed = threading.Condition()

    def work():
        nonlocal busy
        while True:
            with changed:
                if not todo and busy:
                    changed.wait()
                if not todo and not busy:
                    return
                url = todo.pop()
                busy += 1
            links = fetch(url)
            with changed:
                pages[url] = links
                for link in links:
                    if link not in seen:
                        seen.add(link)
                        todo.append(link)
                busy -= 1
                changed.notify_all()

    workers = [threading.Thread(target=work) for _ in range(limit)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return pages
