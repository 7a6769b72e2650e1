def check_links(start, fetch, limit):
    pages, broken, seen = {}, {}, {start}
    with ThreadPoolExecutor(max_workers=limit) as pool:
        url_of = {pool.submit(fetch, start): start}
        while url_of:
            done, _ = wait(url_of, return_when=FIRST_COMPLETED)
            for future in done:
                url = url_of.pop(future)
                try:
                    links = pages[url] = future.result()
                except PageError as error:
                    broken[url] = error
                    continue
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
                for link in links:
                    if link not in seen:
                        seen.add(link)
                        url_of[pool.submit(fetch, link)] = link
    return pages, broken
