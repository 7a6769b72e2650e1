def pipeline(producers, consumers, handle):
    results, works = [], []
    scales = threading.Semaphore(consumers)

    def weigh(item):
        with scales:
            results.append(handle(item))

    def put(item):
        thread = threading.Thread(target=weigh, args=(item,))
        works.append(thread)
        thread.start()

    gates = [threading.Thread(target=producer, args=(put,)) for producer in producers]
    run_all(*gates)
    for thread in works:
        thread.join()
    return results
