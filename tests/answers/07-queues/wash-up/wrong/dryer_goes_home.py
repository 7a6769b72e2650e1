# fails: wash-up-every-cup
# mistake: exception-in-thread
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(maxsize=room), []

    def washer():
        for cup in cups:
            try:
                rack.put((wash(cup), None))
            except Exception as error:
                rack.put((None, error))
        rack.put(STOP)

    def dryer():
        while (item := rack.get()) is not STOP:
            cup, error = item
            results.append(dry(cup) if error is None else error)

    threads = [threading.Thread(target=washer), threading.Thread(target=dryer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
