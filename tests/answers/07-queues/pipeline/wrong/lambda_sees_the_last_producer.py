# fails: pipeline-nothing-lost
# mistake: wrong-without-preemption
def pipeline(producers, consumers, handle):
    belt, results = queue.Queue(), []

    def scale():
        while (item := belt.get()) is not STOP:
            results.append(handle(item))

    gates = []
    for producer in producers:
        gates.append(threading.Thread(target=lambda: producer(belt.put)))
    scales = [threading.Thread(target=scale) for _ in range(consumers)]
    for t in scales + gates:
        t.start()
    for t in gates:
        t.join()
    for _ in scales:
        belt.put(STOP)
    for t in scales:
        t.join()
    return results
