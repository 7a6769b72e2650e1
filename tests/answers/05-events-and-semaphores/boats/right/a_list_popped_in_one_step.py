class Boats:
    def __init__(self, count):
        self._free = list(range(1, count + 1))
        self._out = []
        self._permits = threading.BoundedSemaphore(count)

    def take(self, timeout=None):
        if not self._permits.acquire(timeout=timeout):
            return None
        number = self._free.pop()
        self._out.append(number)
        return number

    def give_back(self, number):
        self._out.remove(number)  # raises ValueError if it is not there
        self._free.append(number)
        self._permits.release()
