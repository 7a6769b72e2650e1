# fails: transfer-never-stuck
# mistake: self-deadlock
def transfer(a, b, amount):
    first, second = sorted((a, b), key=lambda account: account.number)
    with first.lock, second.lock:
        if a.balance < amount:
            raise ValueError("not enough")
        a.balance -= amount
        b.balance += amount


def total(a, b):
    first, second = sorted((a, b), key=lambda account: account.number)
    with first.lock, second.lock:
        return a.balance + b.balance
