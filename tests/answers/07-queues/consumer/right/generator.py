def items(jobs):
    while True:
        item = jobs.get()
        if item is STOP:
            jobs.task_done()
            return
        yield item


def consumer(jobs, handle, results):
    for item in items(jobs):
        try:
            results.put(handle(item))
        except Exception as error:
            results.put(error)
        jobs.task_done()
