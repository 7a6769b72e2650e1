# fails: phases-in-step
# mistake: timeout-ignored
def run_phases(workers, phases):
    barrier = threading.Barrier(len(workers))

    def work(worker):
        for phase in phases:
            phase(worker)
            try:
                barrier.wait(timeout=1)
            except threading.BrokenBarrierError:
                pass

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
