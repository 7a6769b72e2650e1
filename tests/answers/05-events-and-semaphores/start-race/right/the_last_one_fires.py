def start_race(runners, shot):
    fired = threading.Event()
    lock = threading.Lock()
    missing = len(runners)
    results = [None] * len(runners)

    def race(number):
        nonlocal missing
        runners[number].get_ready()
        with lock:
            missing -= 1
            last = missing == 0
        if last:
            shot()
            fired.set()
        fired.wait()
        results[number] = runners[number].run()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(len(runners))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
