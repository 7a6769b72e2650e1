# fails: desk-sells-what-it-has
# mistake: timeout-ignored
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if n > self.left:
                return False
            self.left -= n
            return True
        finally:
            self._lock.release()
