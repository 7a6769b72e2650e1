# fails: batches-wait
# mistake: none
from concurrent.futures import ThreadPoolExecutor


def in_batches(jobs, size):
    with ThreadPoolExecutor(max_workers=size) as pool:
        for job in jobs:
            pool.submit(job)
