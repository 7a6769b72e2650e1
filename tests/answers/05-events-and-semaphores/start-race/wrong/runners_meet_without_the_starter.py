# fails: race-nobody-early
# mistake: wrong-without-preemption
def start_race(runners, shot):
    fired = threading.Event()
    ready = threading.Barrier(len(runners))
    results = [None] * len(runners)

    def child(i):
        runners[i].get_ready()
        ready.wait()
        fired.wait()
        results[i] = runners[i].run()

    threads = [threading.Thread(target=child, args=(i,)) for i in range(len(runners))]
    for t in threads:
        t.start()
    shot()
    fired.set()
    for t in threads:
        t.join()
    return results
