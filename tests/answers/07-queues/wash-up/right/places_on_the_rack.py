def wash_up(cups, wash, dry, room):
    places = threading.Semaphore(room)
    rack, results = queue.Queue(), []

    def washer():
        for cup in cups:
            try:
                thing = ("washed", wash(cup))
            except Exception as error:
                thing = ("broken", error)
            places.acquire()
            rack.put(thing)

    thread = threading.Thread(target=washer)
    thread.start()
    for _ in cups:
        state, cup = rack.get()
        places.release()
        if state == "washed":
            try:
                cup = dry(cup)
            except Exception as error:
                cup = error
        results.append(cup)
    thread.join()
    return results
