# fails: wash-up-room
# mistake: wrong-without-preemption
def wash_up(cups, wash, dry, room):
    rack, results = queue.Queue(maxsize=room + 1), []

    def washer():
        for cup in cups:
            try:
                rack.put((wash(cup), None))
            except Exception as error:
                rack.put((None, error))

    def dryer():
        for _ in cups:
            cup, error = rack.get()
            if error is not None:
                results.append(error)
                continue
            try:
                results.append(dry(cup))
            except Exception as error:
                results.append(error)

    run_all(threading.Thread(target=washer), threading.Thread(target=dryer))
    return results
