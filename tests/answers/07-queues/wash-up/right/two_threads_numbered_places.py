def wash_up(cups, wash, dry, room):
    rack = queue.Queue(room)
    results = [None] * len(cups)

    def washer():
        for number, cup in enumerate(cups):
            try:
                rack.put((number, wash(cup)))
            except Exception as error:
                results[number] = error
        rack.put(None)

    def dryer():
        while True:
            taken = rack.get()
            if taken is None:
                break
            number, cup = taken
            try:
                results[number] = dry(cup)
            except Exception as error:
                results[number] = error

    threads = [threading.Thread(target=washer), threading.Thread(target=dryer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
