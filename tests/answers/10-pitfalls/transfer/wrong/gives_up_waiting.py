# fails: transfer-never-stuck
# mistake: timeout-ignored
def transfer(a, b, amount):
    if a is b:
        return
    with a.lock:
        if b.lock.acquire(timeout=1):
            try:
                if a.balance < amount:
                    raise ValueError("not enough")
                a.balance -= amount
                b.balance += amount
            finally:
                b.lock.release()


def total(a, b):
    first, second = sorted((a, b), key=lambda account: account.number)
    with first.lock, second.lock:
        return a.balance + b.balance
