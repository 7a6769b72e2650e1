"""Right programs: idioms of Python that carry a lock without showing it."""

from __future__ import annotations

import functools
import queue
import threading
from contextlib import ExitStack, contextmanager

from .programs import right, together


def synchronized(method):
    """Run a method under the lock of its object."""

    @functools.wraps(method)
    def locked(self, *args):
        with self.lock:
            return method(self, *args)

    return locked


@right()
def methods_locked_by_a_decorator():
    """Stack Overflow, “python equivalent of synchronized”: one wrapper, the object's own lock."""

    class Account:
        def __init__(self):
            self.lock = threading.RLock()
            self.balance = 0

        @synchronized
        def pay_in(self, amount):
            self.balance += amount

        @synchronized
        def pay_in_twice(self, amount):
            self.pay_in(amount)
            self.pay_in(amount)

    account = Account()
    together(lambda: account.pay_in(1), lambda: account.pay_in_twice(2))
    assert account.balance == 5


@right()
def a_context_manager_that_borrows():
    """Stack Overflow, a pool of connections: taken from a queue, given back whatever happens."""
    pool = queue.Queue()
    pool.put("connection")
    used = []

    @contextmanager
    def borrowed():
        connection = pool.get()
        try:
            yield connection
        finally:
            pool.put(connection)

    def query(fails):
        try:
            with borrowed() as connection:
                if fails:
                    raise OSError("gone")
                used.append(connection)
        except OSError:
            used.append(None)

    together(lambda: query(fails=True), lambda: query(fails=False))
    assert sorted(used, key=str) == [None, "connection"]
    assert pool.qsize() == 1


@right()
def any_number_of_locks_in_order():
    """OSTEP 32.3: no circular wait, since all take what they need in one total order."""
    locks = [threading.Lock() for _ in range(3)]
    done = []

    def work(needs):
        with ExitStack() as held:
            for number in sorted(needs):
                held.enter_context(locks[number])
            done.append(needs)

    together(lambda: work((2, 0)), lambda: work((0, 1)), lambda: work((1, 2)))
    assert len(done) == 3


class Singleton:
    """A class with one instance at most."""

    _instance = None
    _lock = threading.Lock()

    def __new__(cls):
        with cls._lock:
            if cls._instance is None:
                cls._instance = super().__new__(cls)
            return cls._instance


@right()
def a_singleton_with_a_lock_of_its_class():
    """Stack Overflow, a thread-safe singleton: `__new__` under a lock that the class has made."""
    got = []
    together(lambda: got.append(Singleton()), lambda: got.append(Singleton()))
    assert got[0] is got[1]


class Returning(threading.Thread):
    """A thread whose `join` gives what its function returned."""

    def __init__(self, function, *args):
        super().__init__()
        self.function, self.args = function, args
        self.value = self.error = None

    def run(self):
        try:
            self.value = self.function(*self.args)
        except Exception as error:
            self.error = error

    def join(self, timeout=None):
        super().join(timeout)
        if self.error is not None:
            raise self.error
        return self.value


@right()
def a_thread_whose_join_returns_or_raises():
    """Stack Overflow, “How to get the return value from a thread?”: a subclass that keeps it."""
    good, bad = Returning(pow, 2, 5), Returning(int, "two")
    good.start()
    bad.start()
    assert good.join() == 32
    try:
        bad.join()
    except ValueError:
        return
    raise AssertionError("the error was lost")


@right()
def iterates_over_a_queue_to_its_end():
    """Python docs, iter(callable, sentinel): a queue as a loop."""
    line, got = queue.SimpleQueue(), []
    end = object()

    def fill():
        for letter in "ab":
            line.put(letter)
        line.put(end)

    together(fill, lambda: got.extend(iter(line.get, end)))
    assert got == ["a", "b"]


class Shared:
    """An iterator that many threads may advance."""

    def __init__(self, items):
        self.items = iter(items)
        self.lock = threading.Lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            return next(self.items)


@right()
def one_iterator_for_all_workers():
    """Stack Overflow, share an iterator between threads: `__next__` under a lock."""
    jobs, done = Shared([1, 2, 3]), []

    def worker():
        for job in jobs:
            done.append(10 * job)

    together(worker, worker)
    assert sorted(done) == [10, 20, 30]


@right()
def a_condition_over_a_lock_that_may_be_taken_twice():
    """Python docs, Condition: `wait` gives back an RLock however often it was taken."""
    lock = threading.RLock()
    changed, orders = threading.Condition(lock), []

    def wait():
        with lock, changed:
            while not orders:
                changed.wait()

    def order():
        with changed:
            orders.append("soup")
            changed.notify()

    together(wait, order)


@right()
def a_barrier_that_acts_when_all_are_there():
    """Python docs, Barrier(action=…): one of them sums up, before any goes on."""
    parts, totals = [0, 0], []
    barrier = threading.Barrier(2, action=lambda: totals.append(sum(parts)))

    def work(me):
        parts[me] = me + 1
        barrier.wait()
        assert totals == [3]

    together(lambda: work(0), lambda: work(1))
