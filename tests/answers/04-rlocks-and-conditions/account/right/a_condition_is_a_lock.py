class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.Condition()

    def _take(self, amount):
        if not 0 <= amount <= self.balance:
            raise ValueError("not enough")
        self.balance -= amount

    def withdraw(self, amount):
        with self.lock:
            self._take(amount)

    def pay_all(self, amounts):
        with self.lock:
            self._take(sum(amounts))
