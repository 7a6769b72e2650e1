def run_phases(workers, phases):
    changed = threading.Condition()
    ended = [0] * len(phases)

    def work(worker):
        for number, phase in enumerate(phases):
            phase(worker)
            with changed:
                ended[number] += 1
                changed.notify_all()
                changed.wait_for(lambda: ended[number] == len(workers))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
