# fails: consumer-answers-every-value
# mistake: falsy-sentinel
def consumer(jobs, handle, results):
    while True:
        item = jobs.get()
        try:
            if item is STOP or item is None:
                return
            results.put(handle(item))
        except Exception as error:
            results.put(error)
        finally:
            jobs.task_done()
