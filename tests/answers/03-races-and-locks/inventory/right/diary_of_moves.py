class Inventory:
    """Keeps the diary of all moves; a list's append is one step."""

    def __init__(self, shelf, store):
        self._start = (shelf, store)
        self._moves = []
        self._pen = threading.Lock()

    def move(self, n):
        with self._pen:
            if self._start[1] - sum(self._moves) < n:
                raise ValueError("not so many there")
            self._moves.append(n)

    def snapshot(self):
        moved = sum(tuple(self._moves))
        return self._start[0] + moved, self._start[1] - moved
