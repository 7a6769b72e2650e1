# fails: phases-in-step
# mistake: barrier-skipped
def run_phases(workers, phases):
    def work(worker):
        for phase in phases:
            phase(worker)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
