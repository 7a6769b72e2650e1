# fails: transfer-all-arrives
# mistake: lost-update
def transfer(a, b, amount):
    if a.balance < amount:
        raise ValueError("not enough")
    a.balance -= amount
    b.balance += amount


def total(a, b):
    return a.balance + b.balance
