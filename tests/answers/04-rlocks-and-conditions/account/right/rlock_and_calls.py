class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.RLock()

    def withdraw(self, amount):
        with self.lock:
            if self.balance < amount:
                raise ValueError("not enough")
            self.balance -= amount

    def pay_all(self, amounts):
        with self.lock:
            if self.balance < sum(amounts):
                raise ValueError("not enough for all")
            for amount in amounts:
                self.withdraw(amount)
