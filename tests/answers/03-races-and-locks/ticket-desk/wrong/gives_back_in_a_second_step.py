# fails: desk-sells-what-it-has
# mistake: check-then-act
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def _take(self, n):
        with self._lock:
            self.left -= n
            return self.left

    def sell(self, n=1):
        if self._take(n) < 0:
            self._take(-n)
            return False
        return True
