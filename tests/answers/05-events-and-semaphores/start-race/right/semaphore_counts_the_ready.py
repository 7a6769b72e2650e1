def start_race(runners, shot):
    ready = threading.Semaphore(0)
    go = threading.Semaphore(0)
    results = [None] * len(runners)

    def race(number, runner):
        runner.get_ready()
        ready.release()
        go.acquire()
        results[number] = runner.run()

    threads = [threading.Thread(target=race, args=pair) for pair in enumerate(runners)]
    for thread in threads:
        thread.start()
    for _ in runners:
        ready.acquire()
    shot()
    go.release(len(runners))
    for thread in threads:
        thread.join()
    return results
