# fails: links-clean-end
# mistake: exception-swallowed
def check_links(start, fetch, limit):
    pages, broken, seen, level = {}, {}, {start}, [start]

    def visit(url):
        try:
            pages[url] = fetch(url)
        except PageError as error:
            broken[url] = error

    with ThreadPoolExecutor(max_workers=limit) as pool:
        while level:
            wait([pool.submit(visit, url) for url in level])
            found = [link for url in level for link in pages.get(url, [])]
            level = [link for link in dict.fromkeys(found) if link not in seen]
            seen.update(level)
    return pages, broken
