import queue


def fetch_in_order(urls, fetch, workers):
    jobs = queue.SimpleQueue()
    for job in enumerate(urls):
        jobs.put(job)
    found = {}
    errors = {}

    def worker():
        while True:
            try:
                number, url = jobs.get_nowait()
            except queue.Empty:
                return
            try:
                found[number] = fetch(url)
            except Exception as error:
                errors[number] = error

    crew = [threading.Thread(target=worker) for _ in range(workers)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [found[number] for number in range(len(urls))]
