def fetch_in_order(urls, fetch, workers):
    futures = []
    running = set()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for url in urls:
            if len(running) == workers:
                _, running = wait(running, return_when=FIRST_COMPLETED)
            future = pool.submit(fetch, url)
            futures.append(future)
            running = running | {future}
    return [future.result() for future in futures]
