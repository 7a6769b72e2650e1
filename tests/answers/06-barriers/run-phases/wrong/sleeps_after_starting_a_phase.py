# fails: phases-in-step
# mistake: sleep-as-synchronisation
def run_phases(workers, phases):
    for phase in phases:
        for worker in workers:
            threading.Thread(target=phase, args=(worker,)).start()
        time.sleep(1)
