# fails: counter-usable-after-error
# mistake: exception-swallowed
import contextlib


class Counter:
    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def increment(self, by=1):
        with contextlib.suppress(Exception), self._lock:
            self.value += by
