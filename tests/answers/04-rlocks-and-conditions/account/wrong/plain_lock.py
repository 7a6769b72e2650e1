# fails: account-all-or-nothing
# mistake: self-deadlock
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.Lock()

    def withdraw(self, amount):
        with self.lock:
            if amount > self.balance:
                raise ValueError("not enough")
            self.balance -= amount

    def pay_all(self, amounts):
        with self.lock:
            if sum(amounts) > self.balance:
                raise ValueError("not enough")
            for amount in amounts:
                self.withdraw(amount)
