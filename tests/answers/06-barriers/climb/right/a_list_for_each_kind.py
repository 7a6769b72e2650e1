def climb(climbers):
    barrier = threading.Barrier(len(climbers))
    outcome = [None] * len(climbers)

    def on_the_way(number):
        try:
            climbers[number](lambda: barrier.wait())
        except threading.BrokenBarrierError:
            outcome[number] = None
        except Exception as error:
            outcome[number] = error
        if outcome[number] is not None:
            barrier.abort()

    threads = [threading.Thread(target=on_the_way, args=(n,)) for n in range(len(climbers))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    for error in filter(None, outcome):
        raise error
