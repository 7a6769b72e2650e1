# fails: consumer-answers-every-value
# mistake: check-then-act
def consumer(jobs, handle, results):
    while not jobs.empty():
        item = jobs.get()
        if item is not STOP:
            try:
                results.put(handle(item))
            except Exception as error:
                results.put(error)
        jobs.task_done()
