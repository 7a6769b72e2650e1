# fails: transfer-refused
# mistake: check-then-act
def transfer(a, b, amount):
    if a.balance < amount:
        raise ValueError("not enough")
    if a is b:
        return
    first, second = sorted((a, b), key=lambda account: account.number)
    with first.lock, second.lock:
        a.balance -= amount
        b.balance += amount


def total(a, b):
    first, second = sorted((a, b), key=lambda account: account.number)
    with first.lock, second.lock:
        return a.balance + b.balance
