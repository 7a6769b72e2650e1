# fails: desk-never-oversold
# mistake: timeout-ignored
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.RLock()

    def sell(self, n=1):
        got_it = self._lock.acquire(timeout=5)
        try:
            if n > self.left:
                return False
            self.left -= n
            return True
        finally:
            if got_it:
                self._lock.release()
