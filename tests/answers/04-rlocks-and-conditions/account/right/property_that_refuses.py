class Account(object):
    """The balance is a property with the lock in it."""

    lock = property(lambda self: self._lock)

    def __init__(self, balance):
        self._lock = threading.RLock()
        self._balance = balance

    @property
    def balance(self):
        with self._lock:
            return self._balance

    @balance.setter
    def balance(self, new):
        with self._lock:
            if new < 0:
                raise ValueError("the account would be overdrawn")
            self._balance = new

    def withdraw(self, amount):
        with self.lock:
            self.balance -= amount

    def pay_all(self, amounts):
        with self.lock:
            self.balance -= sum(amounts)
