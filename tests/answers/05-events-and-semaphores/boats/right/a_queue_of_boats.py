import queue


class Boats:
    def __init__(self, count):
        self._free = queue.Queue()
        self._out = set()
        self._lock = threading.Lock()
        for number in range(1, count + 1):
            self._free.put(number)

    def take(self, timeout=None):
        try:
            number = self._free.get(timeout=timeout)
        except queue.Empty:
            return None
        with self._lock:
            self._out.add(number)
        return number

    def give_back(self, number):
        with self._lock:
            if number not in self._out:
                raise ValueError(f"boat {number} is at the landing stage")
            self._out.discard(number)
        self._free.put(number)
