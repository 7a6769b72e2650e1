# fails: pipeline-side-by-side
# mistake: wrong-without-preemption
def pipeline(producers, consumers, handle):
    belt, results = queue.Queue(), []

    def scale():
        while (item := belt.get()) is not STOP:
            results.append(handle(item))

    scales = [threading.Thread(target=scale) for _ in range(consumers)]
    gates = [threading.Thread(target=p(belt.put)) for p in producers]
    for t in scales + gates:
        t.start()
    for t in gates:
        t.join()
    for _ in scales:
        belt.put(STOP)
    for t in scales:
        t.join()
    return results
