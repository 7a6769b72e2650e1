# fails: race-nobody-early
# mistake: late-binding
def start_race(runners, shot):
    results = [None] * len(runners)
    at_the_line = [threading.Event() for _ in runners]
    fired = threading.Event()
    threads = []
    for number in range(len(runners)):

        def race():
            runners[number].get_ready()
            at_the_line[number].set()
            fired.wait()
            results[number] = runners[number].run()

        threads.append(threading.Thread(target=race))
    for thread in threads:
        thread.start()
    for ready in at_the_line:
        ready.wait()
    shot()
    fired.set()
    for thread in threads:
        thread.join()
    return results
