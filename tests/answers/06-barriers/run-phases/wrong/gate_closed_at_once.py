# fails: phases-in-step
# mistake: pulse-missed
def run_phases(workers, phases):
    lock, gate = threading.Lock(), threading.Event()
    missing = len(workers)

    def work(worker):
        nonlocal missing
        for phase in phases:
            phase(worker)
            with lock:
                missing -= 1
                last = missing == 0
                if last:
                    missing = len(workers)
                    gate.set()
                    gate.clear()
            if not last:
                gate.wait()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
