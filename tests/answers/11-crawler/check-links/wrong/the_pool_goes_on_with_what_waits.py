# fails: links-clean-end
# mistake: wrong-without-preemption
def check_links(start, fetch, limit):
    broken = {}

    def tolerant(url):
        try:
            return fetch(url)
        except PageError as error:
            broken[url] = error
            return []

    found = crawl(start, tolerant, limit)
    return {url: links for url, links in found.items() if url not in broken}, broken
