# fails: wash-up-every-cup
# mistake: missing-sentinel
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(maxsize=room), []

    def washer():
        for cup in cups:
            try:
                rack.put((wash(cup), None))
            except Exception as error:
                rack.put((None, error))

    thread = threading.Thread(target=washer)
    thread.start()
    while thread.is_alive() or not rack.empty():
        cup, error = rack.get()
        if error is None:
            try:
                cup = dry(cup)
            except Exception as problem:
                error = problem
        results.append(cup if error is None else error)
    thread.join()
    return results
