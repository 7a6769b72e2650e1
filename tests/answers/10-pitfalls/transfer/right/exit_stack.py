from contextlib import ExitStack


def at(*accounts):
    stack = ExitStack()
    by_number = {account.number: account for account in accounts}  # each of them once
    for number in sorted(by_number):
        stack.enter_context(by_number[number].lock)
    return stack


def transfer(a, b, amount):
    with at(a, b):
        if a.balance < amount:
            raise ValueError("not enough")
        a.balance -= amount
        b.balance += amount


def total(a, b):
    with at(a, b):
        return a.balance + b.balance
