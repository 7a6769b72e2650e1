# fails: crawl-at-once
# mistake: accidentally-serial
def crawl(start, fetch, limit):
    pages, todo, seen = {}, [start], {start}
    with ThreadPoolExecutor(max_workers=limit) as pool:
        for url in todo:
            pages[url] = pool.submit(fetch, url).result()
            for link in pages[url]:
                if link not in seen:
                    seen.add(link)
                    todo.append(link)
    return pages
