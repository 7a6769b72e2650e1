class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._counter = threading.Semaphore(1)

    def sell(self, n=1):
        with self._counter:
            if n > self.left:
                return False
            self.left -= n
        return True
