# fails: consumer-answers-every-value
# mistake: timeout-ignored
def consumer(jobs, handle, results):
    while True:
        try:
            item = jobs.get(timeout=10)
        except queue.Empty:
            return
        try:
            if item is STOP:
                return
            results.put(handle(item))
        except Exception as error:
            results.put(error)
        finally:
            jobs.task_done()
