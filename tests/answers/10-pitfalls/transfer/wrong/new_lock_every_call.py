# fails: transfer-all-arrives
# mistake: lock-not-shared
def transfer(a, b, amount):
    with threading.Lock():
        if a.balance < amount:
            raise ValueError("not enough")
        a.balance -= amount
        b.balance += amount


def total(a, b):
    with threading.Lock():
        return a.balance + b.balance
