# fails: pipeline-side-by-side
# mistake: accidentally-serial
def pipeline(producers, consumers, handle):
    belt, results = queue.Queue(), []

    def scale():
        while (item := belt.get()) is not STOP:
            results.append(handle(item))

    scales = [threading.Thread(target=scale) for _ in range(consumers)]
    for t in scales:
        t.start()
    for p in producers:
        t = threading.Thread(target=p, args=(belt.put,))
        t.start()
        t.join()
    for _ in scales:
        belt.put(STOP)
    for t in scales:
        t.join()
    return results
