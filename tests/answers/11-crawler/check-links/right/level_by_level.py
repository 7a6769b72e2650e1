from concurrent.futures import as_completed


def check_links(start, fetch, limit):
    pages, broken = {}, {}
    level, seen = [start], {start}
    while level:
        with ThreadPoolExecutor(max_workers=limit) as pool:
            futures = {pool.submit(fetch, url): url for url in level}
            for future in as_completed(futures):
                error = future.exception()
                if error is None:
                    pages[futures[future]] = future.result()
                elif isinstance(error, PageError):
                    broken[futures[future]] = error
                else:
                    for other in futures:
                        other.cancel()
                    raise error
        links = [link for url in level for link in pages.get(url, [])]
        level = [link for link in dict.fromkeys(links) if link not in seen]
        seen.update(level)
    return pages, broken
