class Counter:
    def __init__(self):
        self._amounts = []

    @property
    def value(self):
        return sum(self._amounts)

    def increment(self, by=1):
        if not isinstance(by, (int, float)):
            raise TypeError(f"{by!r} is not a number")
        self._amounts.append(by)  # one append is one step
