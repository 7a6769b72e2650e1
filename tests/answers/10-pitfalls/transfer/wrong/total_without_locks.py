# fails: transfer-all-arrives
# mistake: lock-not-shared
def transfer(a, b, amount):
    if a is b:
        return
    first, second = sorted((a, b), key=lambda account: account.number)
    with first.lock, second.lock:
        if a.balance < amount:
            raise ValueError("not enough")
        a.balance -= amount
        b.balance += amount


def total(a, b):
    return a.balance + b.balance
