# fails: crawl-at-once
# mistake: not-joined
def crawl(start, fetch, limit):
    pages, seen, lock = {}, {start}, threading.Lock()
    todo = Queue()
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

    for _ in range(limit):
        threading.Thread(target=work).start()
    todo.join()
    for _ in range(limit):
        todo.put(None)
    return pages
