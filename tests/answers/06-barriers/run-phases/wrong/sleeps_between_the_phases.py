# fails: phases-in-step
# mistake: sleep-as-synchronisation
def run_phases(workers, phases):
    def work(worker):
        for phase in phases:
            phase(worker)
            time.sleep(0.1)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
