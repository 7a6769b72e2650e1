# fails: account-all-or-nothing
# mistake: lock-not-released
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.RLock()

    def withdraw(self, amount):
        self.lock.acquire()
        if amount > self.balance:
            raise ValueError("not enough")
        self.balance -= amount
        self.lock.release()

    def pay_all(self, amounts):
        self.withdraw(sum(amounts))
