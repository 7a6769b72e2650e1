class TicketDesk:
    _locks = {}
    _registering = threading.Lock()

    def __init__(self, seats):
        self.left = seats
        with TicketDesk._registering:
            TicketDesk._locks[id(self)] = threading.Lock()

    def sell(self, n=1):
        with TicketDesk._locks[id(self)]:
            if n > self.left:
                return False
            self.left -= n
            return True
