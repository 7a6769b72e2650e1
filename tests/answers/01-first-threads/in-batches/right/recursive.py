def in_batches(jobs, size):
    if not jobs:
        return
    helpers = [threading.Thread(target=job) for job in jobs[:size]]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    in_batches(jobs[size:], size)
