# fails: wash-up-room
# mistake: wrong-without-preemption
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(), []

    def attempt(function, thing):
        try:
            return function(thing), None
        except Exception as error:
            return None, error

    def washer():
        for cup in cups:
            rack.put(attempt(wash, cup))
        rack.put(STOP)

    thread = threading.Thread(target=washer)
    thread.start()
    while (item := rack.get()) is not STOP:
        washed, error = item
        if error is None:
            dried, error = attempt(dry, washed)
        results.append(dried if error is None else error)
    thread.join()
    return results
