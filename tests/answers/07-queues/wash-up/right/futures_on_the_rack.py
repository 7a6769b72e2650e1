from concurrent.futures import Future, ThreadPoolExecutor


def wash_up(cups, wash, dry, room):
    rack = queue.Queue(room)

    def washer():
        for cup in cups:
            washed = Future()
            try:
                washed.set_result(wash(cup))
            except Exception as error:
                washed.set_exception(error)
            rack.put(washed)

    def dried():
        try:
            return dry(rack.get().result())
        except Exception as error:
            return error

    with ThreadPoolExecutor(1) as pool:
        pool.submit(washer)
        return [dried() for _ in cups]
