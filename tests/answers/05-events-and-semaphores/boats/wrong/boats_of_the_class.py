# fails: boats-taken
# mistake: wrong-without-preemption
class Boats:
    out = set()

    def __init__(self, count):
        self.count = count
        self.permits = threading.BoundedSemaphore(count)
        self.lock = threading.Lock()

    def take(self, timeout=None):
        if not self.permits.acquire(timeout=timeout):
            return None
        with self.lock:
            free = [n for n in range(1, self.count + 1) if n not in self.out]
            self.out.add(free[0])
            return free[0]

    def give_back(self, number):
        with self.lock:
            if number not in self.out:
                raise ValueError(number)
            self.out.remove(number)
        self.permits.release()
