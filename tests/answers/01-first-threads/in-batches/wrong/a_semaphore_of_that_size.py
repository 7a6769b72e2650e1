# fails: batches-wait
# mistake: none
def in_batches(jobs, size):
    slots = threading.Semaphore(size)

    def work(job):
        with slots:
            job()

    ts = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
