# fails: phases-in-step
# mistake: barrier-skipped
def run_phases(workers, phases):
    barrier = threading.Barrier(len(workers))

    def work(worker):
        for phase in phases:
            phase(worker)
            if worker == workers[0] and phase is phases[-1]:
                return
            barrier.wait()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
