# fails: batches-at-once
# mistake: accidentally-serial
def in_batches(jobs, size):
    for begin in range(0, len(jobs), size):
        for job in jobs[begin : begin + size]:
            thread = threading.Thread(target=job)
            thread.start()
            thread.join()
