# fails: race-nobody-early
# mistake: lost-update
def start_race(runners, shot):
    results = [None] * len(runners)
    all_ready = threading.Event()
    fired = threading.Event()
    ready = 0

    def race(number):
        nonlocal ready
        runners[number].get_ready()
        ready += 1
        if ready == len(runners):
            all_ready.set()
        fired.wait()
        results[number] = runners[number].run()

    threads = [threading.Thread(target=race, args=(n,)) for n in range(len(runners))]
    for thread in threads:
        thread.start()
    all_ready.wait()
    shot()
    fired.set()
    for thread in threads:
        thread.join()
    return results
