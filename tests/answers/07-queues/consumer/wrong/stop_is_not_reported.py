# fails: consumer-says-it-is-done
# mistake: missing-task-done
def consumer(jobs, handle, results):
    while (item := jobs.get()) is not STOP:
        try:
            results.put(handle(item))
        except Exception as error:
            results.put(error)
        finally:
            jobs.task_done()
