def run_phases(workers, phases):
    begin = threading.Barrier(len(workers) + 1)

    class Worker(threading.Thread):
        def __init__(self, name):
            super().__init__()
            self.worker = name

        def run(self):
            for phase in phases:
                phase(self.worker)
                begin.wait()

    team = [Worker(worker) for worker in workers]
    for worker in team:
        worker.start()
    for _ in phases:
        begin.wait()
    for worker in team:
        worker.join()
