# fails: fetch-all-in-order
# mistake: wrong-without-preemption
results = []


def fetch_all(urls, fetch):
    def work(number, url):
        results.append((number, fetch(url)))

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(urls)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return [page for _, page in sorted(results)]
