from concurrent.futures import ThreadPoolExecutor


def in_batches(jobs, size):
    for begin in range(0, len(jobs), size):
        with ThreadPoolExecutor(max_workers=size) as pool:
            for job in jobs[begin : begin + size]:
                pool.submit(job)
