# fails: phases-in-step
# mistake: barrier-skipped
def run_phases(workers, phases):
    barrier = threading.Barrier(len(workers) + 1)

    def work(worker):
        for phase in phases:
            phase(worker)
            barrier.wait()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
