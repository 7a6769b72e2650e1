# fails: batches-wait
# mistake: not-joined
def in_batches(jobs, size):
    for begin in range(0, len(jobs), size):
        for job in jobs[begin : begin + size]:
            threading.Thread(target=job).start()
