def start_race(runners, shot):
    changed = threading.Condition()
    ready = 0
    fired = False
    results = [None] * len(runners)

    def race(number):
        nonlocal ready
        runners[number].get_ready()
        with changed:
            ready += 1
            changed.notify_all()
            while not fired:
                changed.wait()
        results[number] = runners[number].run()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(len(runners))]
    for thread in threads:
        thread.start()
    with changed:
        changed.wait_for(lambda: ready == len(runners))
        shot()
        fired = True
        changed.notify_all()
    for thread in threads:
        thread.join()
    return results
