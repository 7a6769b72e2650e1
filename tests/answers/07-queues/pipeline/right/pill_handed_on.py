def pipeline(producers, consumers, handle):
    jobs, results = queue.Queue(), queue.Queue()
    stop = object()

    def consume():
        while (item := jobs.get()) is not stop:
            results.put(handle(item))
        jobs.put(stop)

    makers = [threading.Thread(target=produce, args=(jobs.put,)) for produce in producers]
    takers = [threading.Thread(target=consume) for _ in range(consumers)]
    for thread in makers + takers:
        thread.start()
    for maker in makers:
        maker.join()
    jobs.put(stop)
    for taker in takers:
        taker.join()
    return [results.get() for _ in range(results.qsize())]
