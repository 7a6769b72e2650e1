import functools


def locked(method):
    @functools.wraps(method)
    def with_the_lock(self, *args):
        with self.lock:
            return method(self, *args)

    return with_the_lock


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.RLock()

    @locked
    def withdraw(self, amount):
        left = self.balance - amount
        if left < 0:
            raise ValueError("not enough")
        self.balance = left

    @locked
    def pay_all(self, amounts):
        self.withdraw(sum(amounts))
