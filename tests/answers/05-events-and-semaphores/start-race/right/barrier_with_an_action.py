def start_race(runners, shot):
    line = threading.Barrier(len(runners), action=shot)
    results = [None] * len(runners)

    def race(number):
        runners[number].get_ready()
        line.wait()
        results[number] = runners[number].run()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(len(runners))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
