# fails: in-order-workers
# mistake: limit-not-enforced
def fetch_in_order(urls, fetch, workers):
    results = [None] * len(urls)
    errors = [None] * len(urls)

    def work(number):
        try:
            results[number] = fetch(urls[number])
        except Exception as error:
            errors[number] = error

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(urls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        if error:
            raise error
    return results
