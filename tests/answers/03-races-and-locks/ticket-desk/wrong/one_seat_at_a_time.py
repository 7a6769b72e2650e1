# fails: desk-sells-what-it-has
# mistake: check-then-act
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def _sell_one(self):
        with self._lock:
            if self.left == 0:
                return False
            self.left -= 1
            return True

    def sell(self, n=1):
        for taken in range(n):
            if not self._sell_one():
                with self._lock:
                    self.left += taken
                return False
        return True
