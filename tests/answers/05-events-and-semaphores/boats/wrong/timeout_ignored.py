# fails: boats-taken
# mistake: timeout-ignored
class Boats:
    def __init__(self, count):
        self._free = list(range(1, count + 1))
        self._out = set()
        self._lock = threading.Lock()
        self._permits = threading.Semaphore(count)

    def take(self, timeout=None):
        self._permits.acquire(timeout=timeout)
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
        self._permits.release()
