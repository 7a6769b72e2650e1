# fails: consumer-says-it-is-done
# mistake: wrong-without-preemption
def consumer(jobs, handle, results):
    try:
        while True:
            item = jobs.get()
            if item is STOP:
                break
            results.put(handle(item))
            jobs.task_done()
    except Exception as error:
        results.put(error)
    finally:
        jobs.task_done()
