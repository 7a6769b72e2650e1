# fails: crawl-each-once
# mistake: lost-wakeup
def crawl(start, fetch, limit):
    pages, todo, seen = {}, [start], {start}
    busy = 0
    changed = threading.Condition()

    def work():
        nonlocal busy
        while True:
            with changed:
                changed.wait_for(lambda: todo or busy == 0)
                if not todo:
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
                changed.notify_all()
            with changed:
                busy -= 1

    workers = [threading.Thread(target=work) for _ in range(limit)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return pages
