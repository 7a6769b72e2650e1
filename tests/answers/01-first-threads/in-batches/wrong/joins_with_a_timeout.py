# fails: batches-wait
# mistake: timeout-ignored
def in_batches(jobs, size):
    for begin in range(0, len(jobs), size):
        threads = [threading.Thread(target=job) for job in jobs[begin : begin + size]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
