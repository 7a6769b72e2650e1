# fails: desk-never-oversold
# mistake: lock-released-between-read-and-write
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        with self._lock:
            left = self.left
        if n > left:
            return False
        with self._lock:
            self.left = left - n
        return True
