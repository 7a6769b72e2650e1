class Boats:
    def __init__(self, count):
        self._out = {number: False for number in range(1, count + 1)}
        self._changed = threading.Condition()

    def _one_is_free(self):
        return not all(self._out.values())

    def take(self, timeout=None):
        with self._changed:
            if not self._changed.wait_for(self._one_is_free, timeout):
                return None
            number = next(n for n, is_out in self._out.items() if not is_out)
            self._out[number] = True
            return number

    def give_back(self, number):
        with self._changed:
            if not self._out.get(number, False):
                raise ValueError(f"boat {number} is not out")
            self._out[number] = False
            self._changed.notify()
