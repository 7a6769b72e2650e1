# fails: account-owner-comes-in
# mistake: lock-not-shared
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.Lock()
        self._inner = threading.Lock()

    def withdraw(self, amount):
        self.pay_all([amount])

    def pay_all(self, amounts):
        total = sum(amounts)
        with self._inner:
            if total > self.balance:
                raise ValueError("not enough")
            self.balance -= total
