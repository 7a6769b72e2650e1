import concurrent.futures


class TicketDesk:
    def __init__(self, seats):
        self.left = seats
        self._clerk = concurrent.futures.ThreadPoolExecutor(1)

    def _sell(self, n):
        if n > self.left:
            return False
        self.left -= n
        return True

    def sell(self, n=1):
        return self._clerk.submit(self._sell, n).result()
