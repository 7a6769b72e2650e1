# fails: batches-wait
# mistake: wrong-without-preemption
from concurrent.futures import ThreadPoolExecutor


def in_batches(jobs, size):
    with ThreadPoolExecutor(max_workers=size) as pool:
        for job in jobs:
            pool.submit(job)
