# fails: batches-wait
# mistake: late-binding
def in_batches(jobs, size):
    for begin in range(0, len(jobs), size):
        threads = []
        for job in jobs[begin : begin + size]:
            threads.append(threading.Thread(target=lambda: job()))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
