def wash_up(cups, wash, dry, room):
    places = threading.Semaphore(room)
    rack, results = queue.Queue(), []

    def washer():
        for cup in cups:
            places.acquire()
            try:
                rack.put((True, wash(cup)))
            except Exception as error:
                rack.put((False, error))

    def dryer():
        for _ in cups:
            good, cup = rack.get()
            places.release()
            try:
                results.append(dry(cup) if good else cup)
            except Exception as error:
                results.append(error)

    run_all(threading.Thread(target=washer), threading.Thread(target=dryer))
    return results
