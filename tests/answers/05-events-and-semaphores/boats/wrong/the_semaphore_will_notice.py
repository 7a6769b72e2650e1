# fails: boats-given-back
# mistake: wrong-without-preemption
class Boats:
    def __init__(self, count):
        self._free = list(range(1, count + 1))
        self._permits = threading.BoundedSemaphore(count)

    def take(self, timeout=None):
        if not self._permits.acquire(timeout=timeout):
            return None
        return self._free.pop()

    def give_back(self, number):
        self._permits.release()  # raises ValueError if it was not out
        self._free.append(number)
