def pipeline(producers, consumers, handle):
    jobs, results = queue.Queue(), []

    def consume():
        while (item := jobs.get()) is not STOP:
            results.append(handle(item))

    makers = [threading.Thread(target=produce, args=(jobs.put,)) for produce in producers]
    takers = [threading.Thread(target=consume) for _ in range(consumers)]
    for thread in makers + takers:
        thread.start()
    for maker in makers:
        maker.join()
    for _ in takers:
        jobs.put(STOP)
    for taker in takers:
        taker.join()
    return results
