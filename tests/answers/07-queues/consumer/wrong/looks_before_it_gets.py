# fails: consumer-one-stop-each
# mistake: check-then-block
def consumer(jobs, handle, results):
    while True:
        if jobs.empty():
            return
        item = jobs.get()
        if item is not STOP:
            try:
                results.put(handle(item))
            except Exception as error:
                results.put(error)
        jobs.task_done()
