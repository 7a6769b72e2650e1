# fails: batches-wait
# mistake: wrong-without-preemption
def in_batches(jobs, size):
    for number in range(len(jobs) // size):
        threads = [
            threading.Thread(target=job) for job in jobs[number * size : (number + 1) * size]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
