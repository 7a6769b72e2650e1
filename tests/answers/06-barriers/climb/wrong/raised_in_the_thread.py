# fails: climb-nobody-left-waiting
# mistake: exception-in-thread
def climb(climbers):
    barrier = threading.Barrier(len(climbers))

    def on_the_way(climber):
        try:
            climber(barrier.wait)
        except threading.BrokenBarrierError:
            pass
        except Exception:
            barrier.abort()
            raise

    threads = [threading.Thread(target=on_the_way, args=(climber,)) for climber in climbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
