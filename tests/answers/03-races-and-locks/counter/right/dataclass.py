from dataclasses import dataclass, field


@dataclass
class Counter:
    value: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def increment(self, by=1):
        with self._lock:
            self.value += by
