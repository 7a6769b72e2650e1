class Account:
    """pay_all is the only thing there is; one bill is a list of one."""

    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.RLock()

    def withdraw(self, amount):
        self.pay_all([amount])

    def pay_all(self, amounts):
        with self.lock:
            left = self.balance
            for amount in amounts:
                left -= amount
                if left < 0:
                    raise ValueError(f"{amount} cannot be paid")
            self.balance = left
