# fails: transfer-never-stuck
# mistake: lock-order
def in_order(a, b):
    return (a, b) if a.balance >= b.balance else (b, a)


def transfer(a, b, amount):
    if a is b:
        return
    first, second = in_order(a, b)
    with first.lock, second.lock:
        if a.balance < amount:
            raise ValueError("not enough")
        a.balance -= amount
        b.balance += amount


def total(a, b):
    first, second = in_order(a, b)
    with first.lock, second.lock:
        return a.balance + b.balance
