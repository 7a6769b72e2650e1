# fails: polite-limit
# mistake: limit-not-enforced
def download_politely(urls, fetch, limit):
    results = [None] * len(urls)
    inside = []

    def download(number):
        while len(inside) >= limit:
            time.sleep(0.1)
        inside.append(number)
        try:
            results[number] = fetch(urls[number])
        except Exception as error:
            results[number] = error
        inside.remove(number)

    threads = [threading.Thread(target=download, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
