from concurrent.futures import ThreadPoolExecutor, wait


def chunks(items, size):
    items = iter(items)
    while chunk := [x for _, x in zip(range(size), items)]:
        yield chunk


def in_batches(jobs, size):
    with ThreadPoolExecutor(size) as pool:
        for chunk in chunks(jobs, size):
            wait([pool.submit(job) for job in chunk])
