# fails: phases-side-by-side
# mistake: accidentally-serial
def run_phases(workers, phases):
    barrier, lock = threading.Barrier(len(workers)), threading.Lock()

    def work(worker):
        for phase in phases:
            with lock:
                phase(worker)
            barrier.wait()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
