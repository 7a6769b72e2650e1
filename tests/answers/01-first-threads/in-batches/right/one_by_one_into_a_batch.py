def wait_for(threads):
    for thread in threads:
        thread.join()


def in_batches(jobs, size):
    batch = []
    for job in jobs:
        if len(batch) == size:
            wait_for(batch)
            batch = []
        batch.append(threading.Thread(target=job))
        batch[-1].start()
    wait_for(batch)
