# fails: phases-in-step
# mistake: late-binding
def run_phases(workers, phases):
    barrier = threading.Barrier(len(workers))

    def work():
        for phase in phases:
            phase(worker)
            barrier.wait()

    threads = []
    for worker in workers:
        thread = threading.Thread(target=work)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
