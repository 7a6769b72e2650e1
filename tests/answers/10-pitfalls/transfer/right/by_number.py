from contextlib import contextmanager


@contextmanager
def both(a, b):
    low, high = (a, b) if a.number < b.number else (b, a)
    with low.lock, high.lock:
        yield


def transfer(a, b, amount):
    if a is b:
        return
    with both(a, b):
        if amount > a.balance:
            raise ValueError("not enough money")
        a.balance -= amount
        b.balance += amount


def total(a, b):
    with both(a, b):
        return a.balance + b.balance
