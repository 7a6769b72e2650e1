# fails: desk-open-after-refusal
# mistake: lock-not-released
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        self._lock.acquire()
        if n > self.left:
            return False
        self.left -= n
        self._lock.release()
        return True
