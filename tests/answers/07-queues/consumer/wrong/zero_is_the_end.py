# fails: consumer-answers-every-value
# mistake: falsy-sentinel
def consumer(jobs, handle, results):
    while True:
        item = jobs.get()
        try:
            if not item or item is STOP:
                return
            results.put(handle(item))
        except Exception as error:
            results.put(error)
        finally:
            jobs.task_done()
