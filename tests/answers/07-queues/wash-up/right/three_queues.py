class Broken:
    def __init__(self, error):
        self.error = error


def stage(before, work, after):
    while True:
        thing = before.get()
        if thing is STOP:
            after.put(STOP)
            return
        if not isinstance(thing, Broken):
            try:
                thing = work(thing)
            except Exception as error:
                thing = Broken(error)
        after.put(thing)


def wash_up(cups, wash, dry, room):
    basin, rack, shelf = queue.Queue(), queue.Queue(maxsize=room), queue.Queue()
    for cup in cups:
        basin.put(cup)
    basin.put(STOP)
    threads = [
        threading.Thread(target=stage, args=(basin, wash, rack)),
        threading.Thread(target=stage, args=(rack, dry, shelf)),
    ]
    for thread in threads:
        thread.start()
    results = []
    while (thing := shelf.get()) is not STOP:
        results.append(thing.error if isinstance(thing, Broken) else thing)
    for thread in threads:
        thread.join()
    return results
