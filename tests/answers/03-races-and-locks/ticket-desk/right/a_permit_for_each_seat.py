class TicketDesk:
    """Each seat is a permit."""

    def __init__(self, seats):
        self._seats = threading.Semaphore(seats)
        self._clerk = threading.Lock()
        self._sold = 0
        self._all = seats

    @property
    def left(self):
        return self._all - self._sold

    def sell(self, n=1):
        with self._clerk:
            got = [self._seats.acquire(blocking=False) for _ in range(n)]
            if all(got):
                self._sold += n
                return True
            for had in got:
                if had:
                    self._seats.release()
            return False
