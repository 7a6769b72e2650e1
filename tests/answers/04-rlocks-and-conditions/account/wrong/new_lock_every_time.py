# fails: account-all-or-nothing
# mistake: lock-not-shared
class Account:
    def __init__(self, balance):
        self.balance = balance

    @property
    def lock(self):
        return threading.RLock()

    def withdraw(self, amount):
        with self.lock:
            if amount > self.balance:
                raise ValueError("not enough")
            self.balance -= amount

    def pay_all(self, amounts):
        with self.lock:
            self.withdraw(sum(amounts))
