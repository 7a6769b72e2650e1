# fails: desk-never-oversold
# mistake: lock-not-shared
class TicketDesk:
    def __init__(self, seats):
        self.left = seats

    @property
    def _lock(self):
        return threading.Lock()

    def sell(self, n=1):
        with self._lock:
            if n > self.left:
                return False
            self.left -= n
            return True
