import queue


class Boats:
    def __init__(self, count):
        self.count = count
        self.free = queue.LifoQueue()
        self.out = set()
        self.lock = threading.Lock()
        for n in range(1, count + 1):
            self.free.put(n)

    def take(self, timeout=None):
        try:
            number = self.free.get(timeout=timeout)
        except queue.Empty:
            return None
        with self.lock:
            self.out.add(number)
        return number

    def give_back(self, number):
        with self.lock:
            if number not in self.out:
                raise ValueError
            self.out.discard(number)
        self.free.put(number)
