class Boats:
    def __init__(self, count):
        self.count = count
        self.boats = {n: threading.Lock() for n in range(1, count + 1)}
        self.permits = threading.BoundedSemaphore(count)

    def take(self, timeout=None):
        if self.permits.acquire(timeout=timeout):
            while True:
                for number, lock in self.boats.items():
                    if lock.acquire(blocking=False):
                        return number

    def give_back(self, number):
        try:
            self.boats[number].release()
        except (KeyError, RuntimeError):
            raise ValueError("not out")
        self.permits.release()
