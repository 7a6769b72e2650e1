# fails: wash-up-room
# mistake: wrong-without-preemption
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(maxsize=room), []

    def dryer():
        while (cup := rack.get()) is not STOP:
            try:
                results.append(dry(cup))
            except Exception as error:
                results.append(error)

    thread = threading.Thread(target=dryer)
    for cup in cups:
        rack.put(wash(cup))
    rack.put(STOP)
    thread.start()
    thread.join()
    return results
