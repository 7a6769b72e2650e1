# fails: batches-wait
# mistake: sleep-as-synchronisation
def in_batches(jobs, size):
    threads = []
    for begin in range(0, len(jobs), size):
        for job in jobs[begin : begin + size]:
            thread = threading.Thread(target=job)
            thread.start()
            threads.append(thread)
        time.sleep(3)  # the server needs no more
    for thread in threads:
        thread.join()
