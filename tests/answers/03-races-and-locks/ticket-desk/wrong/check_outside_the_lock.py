# fails: desk-never-oversold
# mistake: check-then-act
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        if n > self.left:
            return False
        with self._lock:
            self.left -= n
        return True
