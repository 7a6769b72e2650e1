class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self.lock = threading.Lock()

    def sell(self, n=1):
        self.lock.acquire()
        if n > self.left:
            self.lock.release()
            return False
        self.left -= n
        self.lock.release()
        return True
