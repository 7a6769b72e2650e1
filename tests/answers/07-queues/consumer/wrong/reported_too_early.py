# fails: consumer-says-it-is-done
# mistake: not-joined
def consumer(jobs, handle, results):
    while True:
        item = jobs.get()
        jobs.task_done()
        if item is STOP:
            return
        try:
            results.put(handle(item))
        except Exception as error:
            results.put(error)
