def collect(urls, fetch):
    def outcome(url):
        try:
            return True, fetch(url)
        except Exception as error:
            return False, error

    found = {True: {}, False: {}}
    if urls:
        with ThreadPoolExecutor(max_workers=len(urls)) as pool:
            for url, (good, value) in zip(urls, pool.map(outcome, urls)):
                found[good][url] = value
    return found[True], found[False]
