class Gate:
    def __init__(self, parties):
        self.missing = parties
        self.lock = threading.Lock()
        self.open = threading.Event()

    def pass_together(self):
        with self.lock:
            self.missing -= 1
            if self.missing == 0:
                self.open.set()
        self.open.wait()


def run_phases(workers, phases):
    gates = [Gate(len(workers)) for _ in phases]

    def work(worker):
        for phase, gate in zip(phases, gates):
            phase(worker)
            gate.pass_together()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
