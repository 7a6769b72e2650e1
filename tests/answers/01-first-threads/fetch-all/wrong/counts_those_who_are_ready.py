# fails: fetch-all-ended
# mistake: not-joined
def fetch_all(urls, fetch):
    results = []
    done = threading.Semaphore(0)

    def work(i, url):
        results.append((i, fetch(url)))
        done.release()

    for i, url in enumerate(urls):
        threading.Thread(target=work, args=(i, url)).start()
    for _ in urls:
        done.acquire()
    return [r for _, r in sorted(results)]
