from concurrent.futures import ThreadPoolExecutor


def run_phases(workers, phases):
    with ThreadPoolExecutor(len(workers)) as pool:
        for phase in phases:
            list(pool.map(phase, workers))
