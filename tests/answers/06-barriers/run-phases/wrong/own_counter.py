# fails: phases-in-step
# mistake: lost-update
def run_phases(workers, phases):
    missing = [len(workers)] * len(phases)
    gates = [threading.Event() for _ in phases]

    def work(worker):
        for number, phase in enumerate(phases):
            phase(worker)
            missing[number] -= 1
            if missing[number] == 0:
                gates[number].set()
            gates[number].wait()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
