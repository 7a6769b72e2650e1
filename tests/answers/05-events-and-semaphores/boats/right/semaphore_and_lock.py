class Boats:
    def __init__(self, count):
        self._free = set(range(1, count + 1))
        self._all = frozenset(self._free)
        self._lock = threading.Lock()
        self._permits = threading.Semaphore(count)

    def take(self, timeout=None):
        if self._permits.acquire(timeout=timeout):
            with self._lock:
                return self._free.pop()
        return None

    def give_back(self, number):
        with self._lock:
            if number in self._free or number not in self._all:
                raise ValueError(number)
            self._free.add(number)
            self._permits.release()
