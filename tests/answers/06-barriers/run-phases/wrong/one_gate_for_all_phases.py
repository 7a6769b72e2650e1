# fails: phases-in-step
# mistake: barrier-lapping
class Gate:
    def __init__(self, parties):
        self.missing = parties
        self.lock = threading.Lock()
        self.open = threading.Event()

    def wait(self):
        with self.lock:
            self.missing -= 1
            if self.missing == 0:
                self.open.set()
        self.open.wait()


def run_phases(workers, phases):
    gate = Gate(len(workers))

    def work(worker):
        for phase in phases:
            phase(worker)
            gate.wait()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
