# fails: race-nobody-early
# mistake: timeout-ignored
def start_race(runners, shot):
    results = [None] * len(runners)
    at_the_line = [threading.Event() for _ in runners]
    fired = threading.Event()

    def race(number):
        runners[number].get_ready()
        at_the_line[number].set()
        fired.wait(timeout=10)
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
