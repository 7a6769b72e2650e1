# fails: climb-nobody-left-waiting
# mistake: barrier-skipped
def climb(climbers):
    barrier = threading.Barrier(len(climbers))
    threads = [threading.Thread(target=climber, args=(barrier.wait,)) for climber in climbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
