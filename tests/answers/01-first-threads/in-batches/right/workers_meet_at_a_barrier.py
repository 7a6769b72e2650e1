def in_batches(jobs, size):
    """One set of workers that meets at a barrier after each round."""
    line = threading.Barrier(size)

    def worker(number):
        for i in range(number, len(jobs) + (-len(jobs)) % size, size):
            if i < len(jobs):
                jobs[i]()
            line.wait()

    workers = [threading.Thread(target=worker, args=(n,)) for n in range(size)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
