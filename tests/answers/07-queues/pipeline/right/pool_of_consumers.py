from concurrent.futures import ThreadPoolExecutor


def pipeline(producers, consumers, handle):
    futures = queue.Queue()
    with ThreadPoolExecutor(max_workers=consumers) as pool:

        def put(item):
            futures.put(pool.submit(handle, item))

        gates = [threading.Thread(target=produce, args=(put,)) for produce in producers]
        for gate in gates:
            gate.start()
        for gate in gates:
            gate.join()
    return [futures.get().result() for _ in range(futures.qsize())]
