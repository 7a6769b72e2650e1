# fails: race-together
# mistake: accidentally-serial
def start_race(runners, shot):
    results = [None] * len(runners)
    fired = threading.Event()

    def race(number, ready):
        runners[number].get_ready()
        ready.set()
        fired.wait()
        results[number] = runners[number].run()

    threads = []
    for number in range(len(runners)):
        ready = threading.Event()
        thread = threading.Thread(target=race, args=(number, ready))
        thread.start()
        ready.wait()
        threads.append(thread)
    shot()
    fired.set()
    for thread in threads:
        thread.join()
    return results
