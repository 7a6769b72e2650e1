def wash_up(cups, wash, dry, room):
    rack, results = [], []
    changed = threading.Condition()

    def washer():
        for cup in cups:
            try:
                washed = wash(cup)
                failed = False
            except Exception as error:
                washed, failed = error, True
            with changed:
                changed.wait_for(lambda: len(rack) < room)
                rack.append((failed, washed))
                changed.notify()

    thread = threading.Thread(target=washer)
    thread.start()
    for _ in cups:
        with changed:
            while not rack:
                changed.wait()
            failed, cup = rack.pop(0)
            changed.notify()
        if failed:
            results.append(cup)
        else:
            try:
                results.append(dry(cup))
            except Exception as error:
                results.append(error)
    thread.join()
    return results
