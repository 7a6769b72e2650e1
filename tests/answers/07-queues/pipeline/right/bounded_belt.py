def pipeline(producers, consumers, handle):
    jobs = queue.Queue(maxsize=consumers)
    results = [[] for _ in range(consumers)]

    def consume(mine):
        while True:
            kind, item = jobs.get()
            if kind == "stop":
                return
            mine.append(handle(item))

    def put(item):
        jobs.put(("item", item))

    takers = [threading.Thread(target=consume, args=(mine,)) for mine in results]
    makers = [threading.Thread(target=produce, args=(put,)) for produce in producers]
    for thread in takers + makers:
        thread.start()
    for maker in makers:
        maker.join()
    for _ in takers:
        jobs.put(("stop", None))
    for taker in takers:
        taker.join()
    return sum(results, [])
