def run_phases(workers, phases):
    barrier = threading.Barrier(len(workers))

    def work(worker):
        first, *others = phases
        first(worker)
        for phase in others:
            barrier.wait()
            phase(worker)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers[1:]]
    for thread in threads:
        thread.start()
    work(workers[0])
    for thread in threads:
        thread.join()
