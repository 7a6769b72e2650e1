# fails: desk-never-oversold
# mistake: check-then-act
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def has(self, n):
        with self._lock:
            return self.left >= n

    def take(self, n):
        with self._lock:
            self.left -= n

    def sell(self, n=1):
        if self.has(n):
            self.take(n)
            return True
        return False
