import itertools
import numbers


class Counter(threading.local().__class__ if False else object):
    def __init__(self):
        self._ticks = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    @property
    def value(self):
        with self._lock:
            return sum(self._ticks.values())

    def increment(self, by=1):
        if not isinstance(by, numbers.Number):
            raise TypeError("by must be a number")
        with self._lock:
            self._ticks[next(self._numbers)] = by
