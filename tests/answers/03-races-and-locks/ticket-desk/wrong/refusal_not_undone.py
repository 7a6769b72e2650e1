# fails: desk-open-after-refusal
# mistake: wrong-without-preemption
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._lock = threading.Lock()

    def sell(self, n=1):
        try:
            with self._lock:
                self.left -= n
                if self.left < 0:
                    raise ValueError("sold out")
                return True
        except ValueError:
            return False
