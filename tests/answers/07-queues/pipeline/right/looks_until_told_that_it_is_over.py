def pipeline(producers, consumers, handle):
    belt, results, over = queue.Queue(), [], threading.Event()

    def scale():
        while True:
            try:
                item = belt.get_nowait()
            except queue.Empty:
                if over.is_set() and belt.empty():
                    return
                over.wait(0.1)
            else:
                results.append(handle(item))

    gates = [threading.Thread(target=p, args=(belt.put,)) for p in producers]
    scales = [threading.Thread(target=scale) for _ in range(consumers)]
    for t in gates + scales:
        t.start()
    for t in gates:
        t.join()
    over.set()
    for t in scales:
        t.join()
    return results
