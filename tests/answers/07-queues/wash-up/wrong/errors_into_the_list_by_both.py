# fails: wash-up-every-cup
# mistake: wrong-without-preemption
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(maxsize=room), []

    def washer():
        for cup in cups:
            try:
                rack.put(wash(cup))
            except Exception as error:
                results.append(error)
        rack.put(STOP)

    def dryer():
        while (cup := rack.get()) is not STOP:
            try:
                results.append(dry(cup))
            except Exception as error:
                results.append(error)

    run_all(threading.Thread(target=washer), threading.Thread(target=dryer))
    return results
