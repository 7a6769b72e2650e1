# fails: boats-given-back
# mistake: check-then-act
class Boats:
    def __init__(self, count):
        self._free = list(range(1, count + 1))
        self._out = set()
        self._permits = threading.Semaphore(count)

    def take(self, timeout=None):
        if not self._permits.acquire(timeout=timeout):
            return None
        with threading.Lock():
            number = self._free.pop()
            self._out.add(number)
            return number

    def give_back(self, number):
        with threading.Lock():
            if number not in self._out:
                raise ValueError(f"boat {number} is not out")
            self._out.discard(number)
            self._free.append(number)
        self._permits.release()
