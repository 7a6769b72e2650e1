# fails: consumer-says-it-is-done
# mistake: wrong-without-preemption
def consumer(jobs, handle, results):
    while True:
        item = jobs.get()
        try:
            if item is STOP:
                return
            results.put(handle(item))
        except Exception as error:
            results.put(str(error))
        finally:
            jobs.task_done()
