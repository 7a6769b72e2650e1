# fails: climb-error-told
# mistake: exception-swallowed
def climb(climbers):
    barrier = threading.Barrier(len(climbers))

    def on_the_way(climber):
        try:
            climber(barrier.wait)
        except Exception:
            barrier.abort()

    threads = [threading.Thread(target=on_the_way, args=(climber,)) for climber in climbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
