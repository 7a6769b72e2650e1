# fails: batches-wait
# mistake: not-joined
def in_batches(jobs, size):
    threads = []
    for begin in range(0, len(jobs), size):
        for job in jobs[begin : begin + size]:
            thread = threading.Thread(target=job)
            thread.start()
            threads.append(thread)
    for thread in threads:
        thread.join()
