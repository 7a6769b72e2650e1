# fails: climb-nobody-left-waiting
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
            barrier.reset()

    threads = [threading.Thread(target=on_the_way, args=(climber,)) for climber in climbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
