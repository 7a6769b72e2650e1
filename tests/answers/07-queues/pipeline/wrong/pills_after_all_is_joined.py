# fails: pipeline-nothing-lost
# mistake: missing-sentinel
def pipeline(producers, consumers, handle):
    belt, results = queue.Queue(), []

    def scale():
        while (item := belt.get()) is not STOP:
            results.append(handle(item))

    gates = [threading.Thread(target=p, args=(belt.put,)) for p in producers]
    scales = [threading.Thread(target=scale) for _ in range(consumers)]
    run_all(*gates, *scales)
    for _ in scales:
        belt.put(STOP)
    return results
