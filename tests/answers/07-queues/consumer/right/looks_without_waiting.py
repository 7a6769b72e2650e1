def consumer(jobs, handle, results):
    while True:
        try:
            item = jobs.get(timeout=1)
        except queue.Empty:
            continue
        try:
            if item is STOP:
                break
            results.put(handle(item))
        except Exception as error:
            results.put(error)
        finally:
            jobs.task_done()
