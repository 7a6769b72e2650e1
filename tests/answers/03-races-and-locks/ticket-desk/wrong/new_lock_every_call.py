# fails: desk-never-oversold
# mistake: lock-not-shared
class TicketDesk:
    def __init__(self, seats):
        self.left = seats

    def sell(self, n=1):
        lock = threading.Lock()
        with lock:
            if n > self.left:
                return False
            self.left -= n
            return True
