# fails: desk-sells-what-it-has
# mistake: wrong-without-preemption
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        with self._lock:
            if n >= self.left:
                return False
            self.left -= n
            return True
