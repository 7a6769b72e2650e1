# fails: wash-up-every-cup
# mistake: falsy-sentinel
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(maxsize=room), []

    def attempt(function, thing):
        try:
            return function(thing)
        except Exception as error:
            return error

    def washer():
        for cup in cups:
            rack.put(attempt(wash, cup))
        rack.put(None)

    thread = threading.Thread(target=washer)
    thread.start()
    while cup := rack.get():
        results.append(cup if isinstance(cup, Exception) else attempt(dry, cup))
    thread.join()
    return results
