def pipeline(producers, consumers, handle):
    jobs = queue.Queue()
    results = []

    def consume():
        going = True
        while going:
            item = jobs.get()
            try:
                if item is STOP:
                    going = False
                else:
                    results.append(handle(item))
            finally:
                jobs.task_done()

    takers = [threading.Thread(target=consume) for _ in range(consumers)]
    for taker in takers:
        taker.start()
    makers = []
    for produce in producers:
        makers.append(threading.Thread(target=produce, args=(jobs.put,)))
        makers[-1].start()
    for maker in makers:
        maker.join()
    jobs.join()
    for taker in takers:
        jobs.put(STOP)
    for taker in takers:
        taker.join()
    return results
