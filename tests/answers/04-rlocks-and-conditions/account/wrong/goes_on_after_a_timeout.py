# fails: account-owner-comes-in
# mistake: timeout-ignored
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.Lock()

    def withdraw(self, amount):
        mine = self.lock.acquire(timeout=1)
        try:
            if amount > self.balance:
                raise ValueError("not enough")
            self.balance -= amount
        finally:
            if mine:
                self.lock.release()

    def pay_all(self, amounts):
        self.withdraw(sum(amounts))
