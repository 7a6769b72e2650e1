# fails: pipeline-side-by-side
# mistake: timeout-ignored
def pipeline(producers, consumers, handle):
    belt, results = queue.Queue(), []

    def scale():
        while True:
            try:
                item = belt.get(timeout=1)
            except queue.Empty:
                return
            results.append(handle(item))

    gates = [threading.Thread(target=p, args=(belt.put,)) for p in producers]
    scales = [threading.Thread(target=scale) for _ in range(consumers)]
    run_all(*gates, *scales)
    return results
