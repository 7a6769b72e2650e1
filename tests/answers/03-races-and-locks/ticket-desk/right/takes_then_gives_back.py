class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        with self._lock:
            self.left -= n
            if self.left < 0:
                self.left += n
                return False
            return True
