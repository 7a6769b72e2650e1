class Producer(threading.Thread):
    def __init__(self, produce, belt):
        super().__init__()
        self.produce = produce
        self.belt = belt

    def run(self):
        self.produce(self.belt.put)


class Consumer(threading.Thread):
    def __init__(self, handle, belt):
        super().__init__()
        self.handle = handle
        self.belt = belt
        self.results = []

    def run(self):
        while (item := self.belt.get()) is not STOP:
            self.results.append(self.handle(item))


def pipeline(producers, consumers, handle):
    belt = queue.Queue()
    ps = [Producer(p, belt) for p in producers]
    cs = [Consumer(handle, belt) for _ in range(consumers)]
    for t in ps + cs:
        t.start()
    for t in ps:
        t.join()
    for _ in cs:
        belt.put(STOP)
    for t in cs:
        t.join()
    return [result for c in cs for result in c.results]
