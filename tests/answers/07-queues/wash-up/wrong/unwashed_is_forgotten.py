# fails: wash-up-every-cup
# mistake: missing-sentinel
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(maxsize=room), []

    def washer():
        for cup in cups:
            try:
                washed = wash(cup)
            except Exception:
                continue
            rack.put(washed)

    def dryer():
        for _ in cups:
            cup = rack.get()
            try:
                results.append(dry(cup))
            except Exception as error:
                results.append(error)

    run_all(threading.Thread(target=washer), threading.Thread(target=dryer))
    return results
