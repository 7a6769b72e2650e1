# fails: fetch-all-ended
# mistake: sleep-as-synchronisation
def fetch_all(urls, fetch):
    results = [None] * len(urls)

    def download(number):
        results[number] = fetch(urls[number])

    for number in range(len(urls)):
        threading.Thread(target=download, args=(number,)).start()
    time.sleep(3)  # long enough
    return results
