# fails: batches-at-once
# mistake: accidentally-serial
def in_batches(jobs, size):
    def whole_batch(batch):
        for job in batch:
            job()

    for begin in range(0, len(jobs), size):
        thread = threading.Thread(target=whole_batch, args=(jobs[begin : begin + size],))
        thread.start()
        thread.join()
