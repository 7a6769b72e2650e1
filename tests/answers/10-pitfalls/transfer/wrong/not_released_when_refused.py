# fails: transfer-refused
# mistake: lock-not-released
def transfer(a, b, amount):
    if a is b:
        return
    first, second = sorted((a, b), key=lambda account: account.number)
    first.lock.acquire()
    second.lock.acquire()
    if a.balance < amount:
        raise ValueError("not enough")
    a.balance -= amount
    b.balance += amount
    second.lock.release()
    first.lock.release()


def total(a, b):
    first, second = sorted((a, b), key=lambda account: account.number)
    with first.lock, second.lock:
        return a.balance + b.balance
