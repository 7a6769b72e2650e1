def in_batches(jobs, size):
    """The first job of each batch runs in the calling thread, the others beside it."""
    for begin in range(0, len(jobs), size):
        here, *others = jobs[begin : begin + size]
        threads = [threading.Thread(target=job) for job in others]
        for thread in threads:
            thread.start()
        here()
        for thread in threads:
            thread.join()
