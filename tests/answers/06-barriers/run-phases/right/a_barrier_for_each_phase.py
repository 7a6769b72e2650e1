def run_phases(workers, phases):
    barriers = [threading.Barrier(len(workers)) for _ in phases]

    def work(worker):
        for phase, barrier in zip(phases, barriers):
            phase(worker)
            barrier.wait()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
