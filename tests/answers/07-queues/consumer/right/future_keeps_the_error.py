from concurrent.futures import ThreadPoolExecutor


def consumer(jobs, handle, results):
    with ThreadPoolExecutor(max_workers=1) as pool:
        while True:
            item = jobs.get()
            if item is STOP:
                break
            future = pool.submit(handle, item)
            error = future.exception()
            results.put(future.result() if error is None else error)
            jobs.task_done()
    jobs.task_done()
