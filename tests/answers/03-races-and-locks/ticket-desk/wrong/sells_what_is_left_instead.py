# fails: desk-open-after-refusal
# mistake: wrong-without-preemption
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        with self._lock:
            sold = min(n, self.left)
            self.left -= sold
            return sold == n
