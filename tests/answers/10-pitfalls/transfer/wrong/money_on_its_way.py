# fails: transfer-all-arrives
# mistake: lock-released-between-read-and-write
def transfer(a, b, amount):
    if a is b:
        return
    with a.lock:
        if a.balance < amount:
            raise ValueError("not enough")
        a.balance -= amount
    b.deposit(amount)


def total(a, b):
    first, second = sorted((a, b), key=lambda account: account.number)
    with first.lock, second.lock:
        return a.balance + b.balance
