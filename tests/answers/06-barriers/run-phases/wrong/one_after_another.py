# fails: phases-side-by-side
# mistake: accidentally-serial
def run_phases(workers, phases):
    for phase in phases:
        for worker in workers:
            thread = threading.Thread(target=phase, args=(worker,))
            thread.start()
            thread.join()
