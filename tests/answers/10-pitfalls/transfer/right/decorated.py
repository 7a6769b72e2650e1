import functools


def holding_both(function):
    @functools.wraps(function)
    def call(a, b, *rest):
        first, second = (a, b) if a.number <= b.number else (b, a)
        with first.lock:
            if first is second:
                return function(a, b, *rest)
            with second.lock:
                return function(a, b, *rest)

    return call


@holding_both
def transfer(a, b, amount):
    if a.balance < amount:
        raise ValueError(f"{a.balance} is less than {amount}")
    a.balance -= amount
    b.balance += amount


@holding_both
def total(a, b):
    return a.balance + b.balance
