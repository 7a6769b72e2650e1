def crawl(start, fetch, limit):
    pages = {}
    with ThreadPoolExecutor(max_workers=limit) as pool:
        under_way = {pool.submit(fetch, start): start}
        seen = {start}
        while under_way:
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                url = under_way.pop(future)
                pages[url] = future.result()
                for link in pages[url]:
                    if link not in seen:
                        seen.add(link)
                        under_way[pool.submit(fetch, link)] = link
    return pages
