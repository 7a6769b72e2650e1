# fails: wash-up-every-cup
# mistake: exception-in-thread
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(maxsize=room), []

    def washer():
        for cup in cups:
            rack.put(wash(cup))
        rack.put(STOP)

    thread = threading.Thread(target=washer)
    thread.start()
    while (cup := rack.get()) is not STOP:
        try:
            results.append(dry(cup))
        except Exception as error:
            results.append(error)
    thread.join()
    return results
