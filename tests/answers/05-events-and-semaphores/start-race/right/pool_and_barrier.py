from concurrent.futures import ThreadPoolExecutor


def start_race(runners, shot):
    line = threading.Barrier(len(runners), action=shot)

    def race(runner):
        runner.get_ready()
        line.wait()
        return runner.run()

    with ThreadPoolExecutor(len(runners)) as pool:
        return list(pool.map(race, runners))
