# fails: climb-waits-for-all
# mistake: timeout-ignored
def climb(climbers):
    barrier = threading.Barrier(len(climbers))
    errors = []

    def meet():
        try:
            barrier.wait(timeout=3600)
        except threading.BrokenBarrierError:
            pass

    def on_the_way(climber):
        try:
            climber(meet)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=on_the_way, args=(climber,)) for climber in climbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
