def crawl(start, fetch, limit):
    pages, level, seen = {}, [start], {start}
    with ThreadPoolExecutor(max_workers=limit) as pool:
        while level:
            following = []
            for url, links in zip(level, pool.map(fetch, level)):
                pages[url] = links
                for link in links:
                    if link not in seen:
                        seen.add(link)
                        following.append(link)
            level = following
    return pages
