# fails: phases-in-step
# mistake: barrier-lapping
def run_phases(workers, phases):
    barrier = threading.Barrier(max(len(workers) - 1, 1))

    def work(worker):
        for phase in phases:
            phase(worker)
            barrier.wait()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
