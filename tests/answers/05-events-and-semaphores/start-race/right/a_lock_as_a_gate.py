def start_race(runners, shot):
    gate = threading.Lock()
    results = [None] * len(runners)
    on_the_way = [threading.Lock() for _ in runners]

    def race(number):
        runners[number].get_ready()
        on_the_way[number].release()
        with gate:
            pass
        results[number] = runners[number].run()

    threads = []
    gate.acquire()
    for number in range(len(runners)):
        on_the_way[number].acquire()
        threads.append(threading.Thread(target=race, args=(number,)))
        threads[-1].start()
    for lock in on_the_way:
        lock.acquire()
    shot()
    gate.release()
    for thread in threads:
        thread.join()
    return results
