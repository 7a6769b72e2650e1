# fails: pipeline-nothing-lost
# mistake: missing-sentinel
def pipeline(producers, consumers, handle):
    jobs, results = queue.Queue(), queue.Queue()
    makers = [threading.Thread(target=produce, args=(jobs.put,)) for produce in producers]

    def consume():
        while any(maker.is_alive() for maker in makers) or not jobs.empty():
            results.put(handle(jobs.get()))

    takers = [threading.Thread(target=consume) for _ in range(consumers)]
    for thread in makers + takers:
        thread.start()
    for thread in makers + takers:
        thread.join()
    return [results.get() for _ in range(results.qsize())]
