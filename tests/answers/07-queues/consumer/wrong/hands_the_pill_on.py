# fails: consumer-one-stop-each
# mistake: wrong-without-preemption
def consumer(jobs, handle, results):
    while True:
        item = jobs.get()
        try:
            if item is STOP:
                jobs.put(STOP)
                return
            results.put(handle(item))
        except Exception as error:
            results.put(error)
        finally:
            jobs.task_done()
