# fails: desk-sells-what-it-has
# mistake: self-deadlock
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def has(self, n):
        with self._lock:
            return self.left >= n

    def sell(self, n=1):
        with self._lock:
            if not self.has(n):
                return False
            self.left -= n
            return True
