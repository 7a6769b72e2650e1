# fails: desk-never-oversold
# mistake: lock-not-shared
class Clerk(threading.local):
    def __init__(self):
        self.lock = threading.Lock()


class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._clerk = Clerk()

    def sell(self, n=1):
        with self._clerk.lock:
            if n > self.left:
                return False
            self.left -= n
            return True
