# fails: phases-side-by-side
# mistake: accidentally-serial
def run_phases(workers, phases):
    for phase in phases:
        for worker in workers:
            phase(worker)
