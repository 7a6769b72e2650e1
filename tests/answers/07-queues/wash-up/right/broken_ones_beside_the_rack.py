def wash_up(cups, wash, dry, room):
    results = [None] * len(cups)
    rack = queue.Queue(room)

    def dryer():
        while True:
            thing = rack.get()
            if thing is STOP:
                return
            i, cup = thing
            try:
                results[i] = dry(cup)
            except Exception as error:
                results[i] = error

    thread = threading.Thread(target=dryer)
    thread.start()
    for i, cup in enumerate(cups):
        try:
            cup = wash(cup)
        except Exception as error:
            results[i] = error
        else:
            rack.put((i, cup))
    rack.put(STOP)
    thread.join()
    return results
