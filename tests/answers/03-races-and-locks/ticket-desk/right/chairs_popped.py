class TicketDesk:
    def __init__(self, seats):
        self._chairs = list(range(seats))
        self._lock = threading.Condition(threading.Lock())

    @property
    def left(self):
        return len(self._chairs)

    def sell(self, n=1):
        with self._lock:
            if len(self._chairs) < n:
                return False
            for _ in range(n):
                self._chairs.pop()
            return True
