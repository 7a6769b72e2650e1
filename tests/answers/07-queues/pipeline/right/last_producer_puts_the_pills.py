class Line:
    def __init__(self, producers, consumers, handle):
        self.jobs = queue.Queue()
        self.results = []
        self.left = len(producers)
        self.lock = threading.Lock()
        self.consumers = consumers
        self.handle = handle
        self.threads = [threading.Thread(target=self.consume) for _ in range(consumers)]
        self.threads += [threading.Thread(target=self.produce, args=(p,)) for p in producers]

    def produce(self, function):
        function(self.jobs.put)
        with self.lock:
            self.left -= 1
            last = self.left == 0
        if last:
            self.close()

    def close(self):
        for _ in range(self.consumers):
            self.jobs.put(STOP)

    def consume(self):
        while (item := self.jobs.get()) is not STOP:
            self.results.append(self.handle(item))


def pipeline(producers, consumers, handle):
    line = Line(producers, consumers, handle)
    if not producers:
        line.close()
    for thread in line.threads:
        thread.start()
    for thread in line.threads:
        thread.join()
    return line.results
