# fails: consumer-says-it-is-done
# mistake: missing-task-done
def consumer(jobs, handle, results):
    while True:
        item = jobs.get()
        if item is STOP:
            jobs.task_done()
            return
        try:
            results.put(handle(item))
            jobs.task_done()
        except Exception as error:
            results.put(error)
