from threading import Lock


class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = Lock()

    def __enter__(self):
        self._lock.acquire()
        return self

    def __exit__(self, *error):
        self._lock.release()

    def sell(self, n=1):
        with self:
            sold = 0 <= self.left - n
            self.left -= n * sold
        return sold
