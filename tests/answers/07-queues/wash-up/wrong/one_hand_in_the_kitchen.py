# fails: wash-up-room
# mistake: accidentally-serial
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(maxsize=room), []
    sink = threading.Lock()

    def attempt(function, thing):
        try:
            with sink:
                return function(thing), None
        except Exception as error:
            return None, error

    def washer():
        for cup in cups:
            rack.put(attempt(wash, cup))
        rack.put(STOP)

    def dryer():
        while (item := rack.get()) is not STOP:
            washed, error = item
            if error is None:
                dried, error = attempt(dry, washed)
            results.append(dried if error is None else error)

    threads = [threading.Thread(target=washer), threading.Thread(target=dryer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
