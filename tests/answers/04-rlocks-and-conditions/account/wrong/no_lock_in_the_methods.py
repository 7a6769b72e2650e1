# fails: account-all-or-nothing
# mistake: check-then-act
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.RLock()

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError("not enough")
        self.balance -= amount

    def pay_all(self, amounts):
        self.withdraw(sum(amounts))
