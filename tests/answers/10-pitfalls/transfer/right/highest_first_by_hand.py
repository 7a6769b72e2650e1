def _lock(*accounts):
    for account in sorted(accounts, key=lambda account: -account.number):
        account.lock.acquire()


def _unlock(*accounts):
    for account in accounts:
        account.lock.release()


def transfer(a, b, amount):
    if a.number == b.number:
        return None
    _lock(a, b)
    try:
        if a.balance < amount:
            raise ValueError(amount)
        a.balance -= amount
        b.balance += amount
    finally:
        _unlock(a, b)


def total(a, b):
    _lock(a, b)
    try:
        return a.balance + b.balance
    finally:
        _unlock(b, a)
