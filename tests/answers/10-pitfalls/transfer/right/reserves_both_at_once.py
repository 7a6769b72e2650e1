class Desk:
    """Who is at two accounts has reserved both; nobody reserves only one of them and waits."""

    def __init__(self):
        self.free = threading.Condition()
        self.busy = set()

    def reserve(self, numbers):
        with self.free:
            self.free.wait_for(lambda: not self.busy & numbers)
            self.busy |= numbers

    def leave(self, numbers):
        with self.free:
            self.busy -= numbers
            self.free.notify_all()


desk = Desk()


def with_both(a, b, work):
    numbers = {a.number, b.number}
    desk.reserve(numbers)
    try:
        with a.lock, b.lock:
            return work()
    finally:
        desk.leave(numbers)


def transfer(a, b, amount):
    def move():
        if a.balance < amount:
            raise ValueError("not enough")
        a.balance -= amount
        b.balance += amount

    if a is not b:
        with_both(a, b, move)


def total(a, b):
    return with_both(a, b, lambda: a.balance + b.balance)
