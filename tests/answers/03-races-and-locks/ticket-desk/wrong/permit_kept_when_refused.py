# fails: desk-open-after-refusal
# mistake: permit-leak
class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._turn = threading.Semaphore()

    def sell(self, n=1):
        self._turn.acquire()
        if self.left < n:
            return False
        self.left = self.left - n
        self._turn.release()
        return True
