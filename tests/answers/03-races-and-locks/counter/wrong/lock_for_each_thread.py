# fails: counter-all-counted
# mistake: lock-not-shared
from collections import defaultdict


class Counter:
    def __init__(self):
        self.value = 0
        self._locks = defaultdict(threading.Lock)

    def increment(self, by=1):
        with self._locks[threading.current_thread().name]:
            self.value += by
