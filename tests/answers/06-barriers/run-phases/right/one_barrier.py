def run_phases(workers, phases):
    barrier = threading.Barrier(len(workers))

    def work(worker):
        for phase in phases:
            phase(worker)
            barrier.wait()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
