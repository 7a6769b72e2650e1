def pipeline(producers, consumers, handle):
    belt, answers = queue.Queue(), queue.Queue()

    def gate(producer):
        producer(belt.put)
        belt.put(END)

    END = object()

    def scale():
        while True:
            item = belt.get()
            if item is STOP:
                return
            if item is END:
                with lock:
                    count[0] -= 1
                    if count[0] == 0:
                        for _ in range(consumers):
                            belt.put(STOP)
            else:
                answers.put(handle(item))

    lock, count = threading.Lock(), [len(producers)]
    threads = [threading.Thread(target=gate, args=(p,)) for p in producers]
    if producers:
        threads += [threading.Thread(target=scale) for _ in range(consumers)]
    run_all(*threads)
    return [answers.get() for _ in range(answers.qsize())]
