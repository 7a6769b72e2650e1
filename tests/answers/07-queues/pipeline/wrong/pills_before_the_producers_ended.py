# fails: pipeline-nothing-lost
# mistake: not-joined
def pipeline(producers, consumers, handle):
    jobs, results = queue.Queue(), queue.Queue()

    def consume():
        while (item := jobs.get()) is not STOP:
            results.put(handle(item))

    threads = [threading.Thread(target=produce, args=(jobs.put,)) for produce in producers]
    threads += [threading.Thread(target=consume) for _ in range(consumers)]
    for thread in threads:
        thread.start()
    for _ in range(consumers):
        jobs.put(STOP)
    for thread in threads:
        thread.join()
    return [results.get() for _ in range(results.qsize())]
