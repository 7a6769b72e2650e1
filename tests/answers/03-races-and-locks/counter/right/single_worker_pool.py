from concurrent.futures import ThreadPoolExecutor


class Counter:
    def __init__(self):
        self.value = 0
        self._clerk = ThreadPoolExecutor(max_workers=1)

    def _add(self, by):
        self.value += by

    def increment(self, by=1):
        self._clerk.submit(self._add, by).result()
