# fails: transfer-all-arrives
# mistake: lock-not-shared
bank = threading.Lock()


def transfer(a, b, amount):
    with bank:
        if a.balance < amount:
            raise ValueError("not enough")
        a.balance -= amount
        b.balance += amount


def total(a, b):
    with bank:
        return a.balance + b.balance
