import queue


def start_race(runners, shot):
    """Each thread runs a generator; the starter tells it to go on through a queue."""
    at_line, results = queue.Queue(), {}

    def steps(number, runner):
        runner.get_ready()
        yield "ready"
        results[number] = runner.run()

    def follow(steps, go):
        next(steps)
        at_line.put(go)
        go.get()
        list(steps)

    threads = [
        threading.Thread(target=follow, args=(steps(n, r), queue.Queue()))
        for n, r in enumerate(runners)
    ]
    for thread in threads:
        thread.start()
    waiting = [at_line.get() for _ in runners]
    shot()
    for go in waiting:
        go.put("run")
    for thread in threads:
        thread.join()
    return [results[n] for n in range(len(runners))]
