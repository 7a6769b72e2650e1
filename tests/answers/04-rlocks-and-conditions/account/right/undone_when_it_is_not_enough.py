from threading import RLock


class Account:
    def __init__(self, balance):
        self.lock = RLock()
        self.balance = balance

    def withdraw(self, amount):
        self.lock.acquire()
        try:
            if amount > self.balance:
                raise ValueError(amount)
            self.balance = self.balance - amount
        finally:
            self.lock.release()

    def pay_all(self, amounts):
        with self.lock:
            before = self.balance
            try:
                for amount in amounts:
                    self.withdraw(amount)
            except ValueError:
                self.balance = before
                raise
