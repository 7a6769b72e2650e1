# fails: race-nobody-early
# mistake: wrong-without-preemption
fired = threading.Event()


def start_race(runners, shot):
    ready = [threading.Event() for _ in runners]
    results = [None] * len(runners)

    def child(i):
        runners[i].get_ready()
        ready[i].set()
        fired.wait()
        results[i] = runners[i].run()

    threads = [threading.Thread(target=child, args=(i,)) for i in range(len(runners))]
    for t in threads:
        t.start()
    for event in ready:
        event.wait()
    shot()
    fired.set()
    for t in threads:
        t.join()
    return results
