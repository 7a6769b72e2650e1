class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        if n > self.left:  # seats never come back: no need to queue for a sure no
            return False
        with self._lock:
            if n > self.left:
                return False
            self.left -= n
            return True
