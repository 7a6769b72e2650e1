from concurrent.futures import ThreadPoolExecutor


def pipeline(producers, consumers, handle):
    if not producers:
        return []
    belt = queue.Queue()

    def weigh(_):
        done = []
        while (item := belt.get()) is not STOP:
            done.append(handle(item))
        return done

    with ThreadPoolExecutor(consumers) as scales:
        parts = scales.map(weigh, range(consumers))
        with ThreadPoolExecutor(len(producers)) as gates:
            for producer in producers:
                gates.submit(producer, belt.put)
        for _ in range(consumers):
            belt.put(STOP)
    return [result for part in parts for result in part]
