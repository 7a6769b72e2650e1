# fails: race-nobody-early
# mistake: wrong-without-preemption
def start_race(runners, shot):
    fired = threading.Event()
    results = [None] * len(runners)

    def race(number):
        runners[number].get_ready()
        fired.wait()
        results[number] = runners[number].run()

    threads = [threading.Thread(target=race, args=(n,)) for n in range(len(runners))]
    for thread in threads:
        thread.start()
    shot()
    fired.set()
    for thread in threads:
        thread.join()
    return results
