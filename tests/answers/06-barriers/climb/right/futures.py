from concurrent.futures import ThreadPoolExecutor


def climb(climbers):
    barrier = threading.Barrier(len(climbers))

    def on_the_way(climber):
        try:
            climber(barrier.wait)
        except BaseException:
            barrier.abort()
            raise

    with ThreadPoolExecutor(len(climbers)) as pool:
        futures = [pool.submit(on_the_way, climber) for climber in climbers]
    for future in futures:
        error = future.exception()
        if error is not None and not isinstance(error, threading.BrokenBarrierError):
            raise error
