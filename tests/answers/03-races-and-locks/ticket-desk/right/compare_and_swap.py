class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        while True:
            seen = self.left
            if n > seen:
                return False
            with self._lock:
                if self.left == seen:
                    self.left = seen - n
                    return True
