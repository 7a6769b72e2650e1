# fails: race-nobody-early
# mistake: wrong-without-preemption
class Runner(threading.Thread):
    ready = 0
    lock = threading.Lock()
    all_ready = threading.Event()
    fired = threading.Event()

    def __init__(self, runner, total):
        super().__init__()
        self.runner = runner
        self.total = total

    def run(self):
        self.runner.get_ready()
        with Runner.lock:
            Runner.ready += 1
            if Runner.ready == self.total:
                Runner.all_ready.set()
        Runner.fired.wait()
        self.result = self.runner.run()


def start_race(runners, shot):
    threads = [Runner(r, len(runners)) for r in runners]
    for t in threads:
        t.start()
    Runner.all_ready.wait()
    shot()
    Runner.fired.set()
    for t in threads:
        t.join()
    return [t.result for t in threads]
