class Boats:
    """One lock for each boat would be a queue to stand in; one condition is a lake."""

    def __init__(self, count):
        self.count = count
        self._out = set()
        self._back = threading.Condition()

    def _free(self):
        return next((n for n in range(1, self.count + 1) if n not in self._out), None)

    def take(self, timeout=None):
        with self._back:
            number = self._back.wait_for(self._free, timeout)
            if number:
                self._out.add(number)
            return number

    def give_back(self, number):
        with self._back:
            try:
                self._out.remove(number)
            except KeyError:
                raise ValueError(f"boat {number} is not out") from None
            self._back.notify()
