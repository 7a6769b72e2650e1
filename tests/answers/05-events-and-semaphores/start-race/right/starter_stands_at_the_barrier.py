from concurrent.futures import ThreadPoolExecutor


def start_race(runners, shot):
    all_ready = threading.Barrier(len(runners) + 1)
    fired = threading.Barrier(len(runners) + 1)

    def race(runner):
        runner.get_ready()
        all_ready.wait()
        fired.wait()
        return runner.run()

    with ThreadPoolExecutor(len(runners)) as pool:
        times = pool.map(race, runners)
        all_ready.wait()
        shot()
        fired.wait()
        return list(times)
