# fails: batches-wait
# mistake: not-joined
def in_batches(jobs, size):
    threads = []
    for job in jobs:
        t = threading.Thread(target=job)
        t.start()
        threads.append(t)
        if len(threads) == size:
            for t in threads:
                t.join()
