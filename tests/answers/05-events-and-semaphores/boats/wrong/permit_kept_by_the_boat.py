# fails: boats-taken
# mistake: permit-leak
class Boats:
    def __init__(self, count):
        self._free = list(range(1, count + 1))
        self._out = set()
        self._lock = threading.Lock()
        self._permits = threading.Semaphore(count)

    def take(self, timeout=None):
        if not self._permits.acquire(timeout=timeout):
            return None
        with self._lock:
            number = self._free.pop()
            self._out.add(number)
            return number

    def give_back(self, number):
        with self._lock:
            if number not in self._out:
                raise ValueError(f"boat {number} is not out")
            self._out.remove(number)
            self._free.append(number)
