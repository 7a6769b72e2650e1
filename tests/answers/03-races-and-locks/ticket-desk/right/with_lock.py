class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        with self._lock:
            if self.left >= n:
                self.left -= n
                return True
            return False
