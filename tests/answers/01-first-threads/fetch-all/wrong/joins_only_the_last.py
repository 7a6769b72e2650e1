# fails: fetch-all-ended
# mistake: not-joined
def fetch_all(urls, fetch):
    results = [None] * len(urls)

    def download(number):
        results[number] = fetch(urls[number])

    for number in range(len(urls)):
        thread = threading.Thread(target=download, args=(number,))
        thread.start()
    if urls:
        thread.join()
    return results
