def in_batches(jobs, size):
    for begin in range(0, len(jobs), size):
        threads = []
        for job in jobs[begin : begin + size]:
            thread = threading.Thread(target=job)
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
