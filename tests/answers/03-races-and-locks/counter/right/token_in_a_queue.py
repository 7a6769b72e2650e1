import queue


class Counter:
    def __init__(self):
        self.value = 0
        self._token = queue.Queue(maxsize=1)
        self._token.put("it is your turn")

    def increment(self, by=1):
        token = self._token.get()
        try:
            self.value += by
        finally:
            self._token.put(token)
