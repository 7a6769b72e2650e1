# fails: account-all-or-nothing
# mistake: lock-not-released
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.RLock()

    def withdraw(self, amount):
        self.lock.acquire()
        try:
            if amount > self.balance:
                raise ValueError("not enough")
            self.balance -= amount
        finally:
            self.lock.release()

    def pay_all(self, amounts):
        self.lock.acquire()
        self.lock.acquire()
        try:
            self.withdraw(sum(amounts))
        finally:
            self.lock.release()
