# fails: consumer-answers-every-value
# mistake: check-then-act
def consumer(jobs, handle, results):
    while True:
        try:
            item = jobs.get_nowait()
        except queue.Empty:
            break
        try:
            if item is STOP:
                break
            results.put(handle(item))
        except Exception as error:
            results.put(error)
        finally:
            jobs.task_done()
