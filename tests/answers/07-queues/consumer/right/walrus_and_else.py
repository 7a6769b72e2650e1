def consumer(jobs, handle, results):
    while (item := jobs.get()) is not STOP:
        try:
            answer = handle(item)
        except Exception as error:
            answer = error
        results.put(answer)
        jobs.task_done()
    jobs.task_done()
