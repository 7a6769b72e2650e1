class RunnersThread(threading.Thread):
    def __init__(self, runner, fired):
        super().__init__()
        self.runner = runner
        self.fired = fired
        self.ready = threading.Event()
        self.result = None

    def run(self):
        self.runner.get_ready()
        self.ready.set()
        self.fired.wait()
        self.result = self.runner.run()


def start_race(runners, shot):
    fired = threading.Event()
    threads = [RunnersThread(runner, fired) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.ready.wait()
    shot()
    fired.set()
    for thread in threads:
        thread.join()
    return [thread.result for thread in threads]
