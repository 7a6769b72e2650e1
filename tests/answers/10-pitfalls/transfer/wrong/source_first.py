# fails: transfer-never-stuck
# mistake: lock-order
def transfer(a, b, amount):
    if a is b:
        return
    with a.lock, b.lock:
        if a.balance < amount:
            raise ValueError("not enough")
        a.balance -= amount
        b.balance += amount


def total(a, b):
    with a.lock, b.lock:
        return a.balance + b.balance
