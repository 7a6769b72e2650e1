def run_phases(workers, phases):
    for phase in phases:
        threads = [threading.Thread(target=phase, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
