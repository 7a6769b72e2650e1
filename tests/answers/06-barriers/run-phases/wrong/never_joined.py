# fails: phases-in-step
# mistake: not-joined
def run_phases(workers, phases):
    barrier = threading.Barrier(len(workers))

    def work(worker):
        for phase in phases:
            phase(worker)
            barrier.wait()

    for worker in workers:
        threading.Thread(target=work, args=(worker,)).start()
