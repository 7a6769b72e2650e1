# fails: boats-given-back
# mistake: if-instead-of-while
class Boats:
    def __init__(self, count):
        self._free = list(range(1, count + 1))
        self._out = set()
        self._changed = threading.Condition()

    def take(self, timeout=None):
        with self._changed:
            if not self._free and not self._changed.wait(timeout):
                return None
            number = self._free.pop()
            self._out.add(number)
            return number

    def give_back(self, number):
        with self._changed:
            if number not in self._out:
                raise ValueError(f"boat {number} is not out")
            self._out.remove(number)
            self._free.append(number)
            self._changed.notify()
