# fails: pipeline-side-by-side
# mistake: accidentally-serial
def pipeline(producers, consumers, handle):
    jobs, results = queue.Queue(), queue.Queue()

    def consume():
        while (item := jobs.get()) is not STOP:
            results.put(handle(item))

    makers = [threading.Thread(target=produce, args=(jobs.put,)) for produce in producers]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    takers = [threading.Thread(target=consume) for _ in range(consumers)]
    for taker in takers:
        jobs.put(STOP)
        taker.start()
    for taker in takers:
        taker.join()
    return [results.get() for _ in range(results.qsize())]
