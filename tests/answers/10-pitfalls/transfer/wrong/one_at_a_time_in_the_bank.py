# fails: transfer-others-go-on
# mistake: lock-order
bank = threading.Lock()


def transfer(a, b, amount):
    if a is b:
        return
    with bank:
        with a.lock, b.lock:
            if a.balance < amount:
                raise ValueError("not enough")
            a.balance -= amount
            b.balance += amount


def total(a, b):
    with bank:
        with a.lock, b.lock:
            return a.balance + b.balance
