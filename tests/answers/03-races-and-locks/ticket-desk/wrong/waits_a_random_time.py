# fails: desk-never-oversold
# mistake: sleep-as-synchronisation
import random
import time


class TicketDesk:
    def __init__(self, seats):
        self.left = seats

    def sell(self, n=1):
        time.sleep(random.uniform(0.01, 0.05))  # let the other clerk finish
        if n > self.left:
            return False
        self.left -= n
        return True
