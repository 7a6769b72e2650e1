# fails: pipeline-ends
# mistake: daemon-killed
def pipeline(producers, consumers, handle):
    jobs, results = queue.Queue(), queue.Queue()

    def consume():
        while True:
            results.put(handle(jobs.get()))
            jobs.task_done()

    makers = [threading.Thread(target=produce, args=(jobs.put,)) for produce in producers]
    takers = [threading.Thread(target=consume, daemon=True) for _ in range(consumers)]
    for thread in makers + takers:
        thread.start()
    for maker in makers:
        maker.join()
    jobs.join()
    return [results.get() for _ in range(results.qsize())]
