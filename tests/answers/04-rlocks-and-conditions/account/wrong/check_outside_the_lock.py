# fails: account-all-or-nothing
# mistake: check-then-act
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.RLock()

    def withdraw(self, amount):
        self.pay_all([amount])

    def pay_all(self, amounts):
        total = sum(amounts)
        if total > self.balance:
            raise ValueError("not enough")
        with self.lock:
            self.balance -= total
