# fails: desk-never-oversold
# mistake: limit-not-enforced
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._desks = threading.BoundedSemaphore(2)

    def sell(self, n=1):
        with self._desks:
            if n > self.left:
                return False
            self.left -= n
            return True
