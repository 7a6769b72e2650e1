# fails: pipeline-side-by-side
# mistake: accidentally-serial
def pipeline(producers, consumers, handle):
    jobs, results = queue.Queue(), queue.Queue()

    def consume():
        while (item := jobs.get()) is not STOP:
            results.put(handle(item))

    takers = [threading.Thread(target=consume) for _ in range(consumers)]
    for taker in takers:
        taker.start()
    for produce in producers:
        maker = threading.Thread(target=produce, args=(jobs.put,))
        maker.start()
        maker.join()
    for _ in takers:
        jobs.put(STOP)
    for taker in takers:
        taker.join()
    return [results.get() for _ in range(results.qsize())]
