# fails: consumer-answers-every-value
# mistake: wrong-without-preemption
def consumer(jobs, handle, results):
    for item in iter(jobs.get, STOP):
        try:
            results.put(handle(item))
        except Exception as error:
            results.put(error)
        finally:
            jobs.task_done()
    jobs.task_done()
