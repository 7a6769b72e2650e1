import queue


class TicketDesk:
    def __init__(self, seats):
        self._plan = queue.SimpleQueue()
        self._plan.put(seats)

    @property
    def left(self):
        left = self._plan.get()
        self._plan.put(left)
        return left

    def sell(self, n=1):
        left = self._plan.get()  # whoever has the plan may sell
        sold = n <= left
        self._plan.put(left - n if sold else left)
        return sold
