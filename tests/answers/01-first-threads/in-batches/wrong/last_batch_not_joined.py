# fails: batches-wait
# mistake: not-joined
def in_batches(jobs, size):
    batch = []
    for job in jobs:
        if len(batch) == size:
            for thread in batch:
                thread.join()
            batch = []
        thread = threading.Thread(target=job)
        thread.start()
        batch.append(thread)
