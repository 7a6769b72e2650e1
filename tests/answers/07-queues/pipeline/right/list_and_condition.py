def pipeline(producers, consumers, handle):
    waiting, results = [], []
    open_gates = [len(producers)]
    changed = threading.Condition()

    def put(item):
        with changed:
            waiting.append(item)
            changed.notify()

    def gate(produce):
        produce(put)
        with changed:
            open_gates[0] -= 1
            changed.notify_all()

    def scale():
        while True:
            with changed:
                while not waiting and open_gates[0]:
                    changed.wait()
                if not waiting:
                    return
                item = waiting.pop(0)
            result = handle(item)
            with changed:
                results.append(result)

    threads = [threading.Thread(target=gate, args=(produce,)) for produce in producers]
    threads += [threading.Thread(target=scale) for _ in range(consumers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
