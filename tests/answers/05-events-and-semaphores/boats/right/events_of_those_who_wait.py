class Boats:
    def __init__(self, count):
        self._free = list(range(1, count + 1))
        self._out = set()
        self._waiting = []
        self._lock = threading.Lock()

    def take(self, timeout=None):
        with self._lock:
            if self._free:
                number = self._free.pop()
                self._out.add(number)
                return number
            mine = {"called": threading.Event(), "number": None}
            self._waiting.append(mine)
        mine["called"].wait(timeout)
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
            return mine["number"]

    def give_back(self, number):
        with self._lock:
            if number not in self._out:
                raise ValueError(f"boat {number} is not out")
            if self._waiting:
                first = self._waiting.pop(0)
                first["number"] = number
                first["called"].set()
            else:
                self._out.remove(number)
                self._free.append(number)
