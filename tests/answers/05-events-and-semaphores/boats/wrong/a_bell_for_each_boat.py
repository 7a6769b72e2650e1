# fails: boats-taken
# mistake: pulse-missed
class Boats:
    def __init__(self, count):
        self._free = list(range(1, count + 1))
        self._out = set()
        self._lock = threading.Lock()
        self._one_is_back = threading.Event()

    def take(self, timeout=None):
        while True:
            with self._lock:
                if self._free:
                    number = self._free.pop()
                    self._out.add(number)
                    return number
            if not self._one_is_back.wait(timeout):
                return None

    def give_back(self, number):
        with self._lock:
            if number not in self._out:
                raise ValueError(f"boat {number} is not out")
            self._out.remove(number)
            self._free.append(number)
        self._one_is_back.set()
        self._one_is_back.clear()
