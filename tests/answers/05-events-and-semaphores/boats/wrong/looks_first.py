# fails: boats-taken
# mistake: limit-not-enforced
class Boats:
    def __init__(self, count):
        self._is_out = [False] * (count + 1)
        self._permits = threading.Semaphore(count)
        self._lock = threading.Lock()

    def take(self, timeout=None):
        if not self._permits.acquire(timeout=timeout):
            return None
        number = 1
        while self._is_out[number]:
            number += 1
        self._is_out[number] = True
        return number

    def give_back(self, number):
        with self._lock:
            if not 0 < number < len(self._is_out) or not self._is_out[number]:
                raise ValueError(f"boat {number} is not out")
            self._is_out[number] = False
        self._permits.release()
