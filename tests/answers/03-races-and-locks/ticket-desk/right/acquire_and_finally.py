class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self.lock = threading.Lock()

    def sell(self, n=1):
        self.lock.acquire()
        try:
            enough = self.left >= n
            if enough:
                self.left = self.left - n
            return enough
        finally:
            self.lock.release()
