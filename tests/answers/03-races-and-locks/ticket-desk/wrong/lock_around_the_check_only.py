# fails: desk-never-oversold
# mistake: check-then-act
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        with self._lock:
            enough = self.left >= n
        if not enough:
            return False
        self.left -= n
        return True
