# fails: race-together
# mistake: accidentally-serial
def start_race(runners, shot):
    results = [None] * len(runners)
    at_the_line = [threading.Event() for _ in runners]
    fired = threading.Event()
    lock = threading.Lock()

    def race(number):
        runners[number].get_ready()
        at_the_line[number].set()
        fired.wait()
        with lock:
            results[number] = runners[number].run()

    threads = [threading.Thread(target=race, args=(n,)) for n in range(len(runners))]
    for thread in threads:
        thread.start()
    for ready in at_the_line:
        ready.wait()
    shot()
    fired.set()
    for thread in threads:
        thread.join()
    return results
