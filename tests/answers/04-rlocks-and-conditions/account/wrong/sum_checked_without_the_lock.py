# fails: account-owner-comes-in
# mistake: self-deadlock
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.Lock()

    def withdraw(self, amount):
        with self.lock:
            if amount > self.balance:
                raise ValueError("not enough money")
            self.balance -= amount

    def pay_all(self, amounts):
        if sum(amounts) > self.balance:
            raise ValueError("not enough money")
        for amount in amounts:
            self.withdraw(amount)
