def in_batches(jobs, size):
    waiting = list(jobs)
    while waiting:
        batch, waiting = waiting[:size], waiting[size:]
        threads = [threading.Thread(target=job) for job in batch]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
