# fails: race-together
# mistake: not-joined
def start_race(runners, shot):
    results = [None] * len(runners)
    at_the_line = [threading.Event() for _ in runners]
    fired = threading.Event()

    def race(number):
        runners[number].get_ready()
        at_the_line[number].set()
        fired.wait()
        results[number] = runners[number].run()

    for number in range(len(runners)):
        threading.Thread(target=race, args=(number,)).start()
    for ready in at_the_line:
        ready.wait()
    shot()
    fired.set()
    return results
