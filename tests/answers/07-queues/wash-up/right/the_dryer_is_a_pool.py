from concurrent.futures import ThreadPoolExecutor


def wash_up(cups, wash, dry, room):
    places = threading.BoundedSemaphore(room + 1)
    futures = []

    def dry_one(cup):
        try:
            return dry(cup)
        finally:
            places.release()

    with ThreadPoolExecutor(max_workers=1) as dryer:
        for cup in cups:
            try:
                washed = wash(cup)
            except Exception as error:
                futures.append(error)
            else:
                places.acquire()
                futures.append(dryer.submit(dry_one, washed))
    return [f if isinstance(f, Exception) else f.exception() or f.result() for f in futures]
