# fails: pipeline-nothing-lost
# mistake: not-joined
def pipeline(producers, consumers, handle):
    jobs, results = queue.Queue(), []

    def gate(produce):
        produce(jobs.put)
        for _ in range(consumers):
            jobs.put(STOP)

    def consume():
        while (item := jobs.get()) is not STOP:
            results.append(handle(item))

    threads = [threading.Thread(target=gate, args=(produce,)) for produce in producers]
    threads += [threading.Thread(target=consume) for _ in range(consumers)]
    for thread in threads:
        thread.start()
    if not producers:
        for _ in range(consumers):
            jobs.put(STOP)
    for thread in threads:
        thread.join()
    return results
