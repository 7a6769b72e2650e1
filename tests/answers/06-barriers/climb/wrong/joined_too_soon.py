# fails: climb-waits-for-all
# mistake: barrier-skipped
def climb(climbers):
    barrier = threading.Barrier(len(climbers))
    errors = []

    def on_the_way(climber):
        try:
            climber(barrier.wait)
        except threading.BrokenBarrierError:
            pass
        except Exception as error:
            errors.append(error)
            barrier.abort()

    for climber in climbers:
        thread = threading.Thread(target=on_the_way, args=(climber,))
        thread.start()
        thread.join()
    if errors:
        raise errors[0]
