# fails: consumer-says-it-is-done
# mistake: exception-in-thread
def consumer(jobs, handle, results):
    while True:
        item = jobs.get()
        try:
            if item is STOP:
                return
            results.put(handle(item))
        finally:
            jobs.task_done()
