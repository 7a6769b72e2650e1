def start_race(runners, shot):
    fired = threading.Event()
    at_the_line = {}
    results = {}

    def race(runner, ready):
        runner.get_ready()
        ready.set()
        fired.wait()
        results[ready] = runner.run()

    threads = []
    for runner in runners:
        ready = threading.Event()
        at_the_line[ready] = runner
        threads.append(threading.Thread(target=race, args=(runner, ready)))
    for thread in threads:
        thread.start()
    for ready in at_the_line:
        ready.wait()
    shot()
    fired.set()
    for thread in threads:
        thread.join()
    return [results[ready] for ready in at_the_line]
