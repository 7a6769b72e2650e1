# fails: wash-up-every-cup
# mistake: completion-order
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(maxsize=room), []

    def attempt(function, thing):
        try:
            return function(thing), None
        except Exception as error:
            return None, error

    def dryer():
        while (item := rack.get()) is not STOP:
            washed, error = item
            if error is None:
                dried, error = attempt(dry, washed)
            results.append(dried if error is None else error)

    dryers = [threading.Thread(target=dryer) for _ in range(2)]
    for thread in dryers:
        thread.start()
    for cup in cups:
        rack.put(attempt(wash, cup))
    for _ in dryers:
        rack.put(STOP)
    for thread in dryers:
        thread.join()
    return results
