def download_politely(urls, fetch, limit):
    permits = threading.Semaphore(limit)
    done = {}

    def download(url):
        permits.acquire()
        try:
            done[url] = fetch(url)
        except Exception as error:
            done[url] = error
        finally:
            permits.release()

    threads = [threading.Thread(target=download, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [done[url] for url in urls]
