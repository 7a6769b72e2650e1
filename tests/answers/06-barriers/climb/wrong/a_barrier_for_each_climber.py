# fails: climb-waits-for-all
# mistake: barrier-skipped
def climb(climbers):
    errors = []

    def on_the_way(climber):
        barrier = threading.Barrier(len(climbers))
        try:
            climber(barrier.wait)
        except Exception as error:
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=on_the_way, args=(climber,)) for climber in climbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
