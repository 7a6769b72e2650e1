# fails: desk-never-oversold
# mistake: check-then-act
class TicketDesk:
    def __init__(self, seats):
        self.left = seats

    def sell(self, n=1):
        if n > self.left:
            return False
        self.left -= n
        return True
