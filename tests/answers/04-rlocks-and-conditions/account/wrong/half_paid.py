# fails: account-all-or-nothing
# mistake: none
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.RLock()

    def withdraw(self, amount):
        with self.lock:
            if amount > self.balance:
                raise ValueError("not enough")
            self.balance -= amount

    def pay_all(self, amounts):
        with self.lock:
            for amount in amounts:
                self.withdraw(amount)
