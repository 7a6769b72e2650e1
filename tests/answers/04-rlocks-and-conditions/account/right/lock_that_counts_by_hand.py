class CountingLock:
    def __init__(self):
        self._lock = threading.Lock()
        self._owner = None
        self._count = 0

    def __enter__(self):
        me = threading.get_ident()
        if self._owner != me:
            self._lock.acquire()
            self._owner = me
        self._count += 1

    def __exit__(self, *error):
        self._count -= 1
        if self._count == 0:
            self._owner = None
            self._lock.release()


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = CountingLock()

    def withdraw(self, amount):
        self.pay_all([amount])

    def pay_all(self, amounts):
        with self.lock:
            total = sum(amounts)
            if total > self.balance:
                raise ValueError("not enough")
            self.balance -= total
