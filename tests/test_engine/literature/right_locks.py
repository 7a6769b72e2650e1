"""Right programs: data kept by locks, or without any."""

from __future__ import annotations

import itertools
import threading
import time

from .programs import right, together


@right()
def lists_are_locked_hand_over_hand():
    """OSTEP 29.2: take the next node's lock before letting go of this one's."""

    class Node:
        def __init__(self, value, after=None):
            self.value = value
            self.after = after
            self.lock = threading.Lock()

    head = Node(None, Node(1, Node(3)))

    def insert(value):
        before = head
        before.lock.acquire()
        while before.after is not None and before.after.value < value:
            after = before.after
            after.lock.acquire()
            before.lock.release()
            before = after
        before.after = Node(value, before.after)
        before.lock.release()

    together(lambda: insert(2), lambda: insert(4))
    found, node = [], head.after
    while node is not None:
        found.append(node.value)
        node = node.after
    assert found == [1, 2, 3, 4], "an insertion was lost"


@right()
def a_ticket_lock_serves_in_order():
    """OSTEP 28.11: fetch a number (one atomic step), spin until it is served."""
    numbers, desk = itertools.count(), threading.Lock()
    serving, bread = [0], [0]

    def customer():
        with desk:
            mine = next(numbers)
        while serving[0] != mine:
            pass
        bread[0] += 1
        serving[0] += 1

    together(customer, customer)
    assert bread == [2]


@right()
def petersons_algorithm():
    """OSTEP 28, aside on Dekker and Peterson: two flags and a turn, were memory kept in order."""
    wants = [False, False]
    turn = [0]
    total = [0]

    def enter(me):
        other = 1 - me
        wants[me] = True
        turn[0] = other
        while wants[other] and turn[0] == other:
            pass
        total[0] += 1
        wants[me] = False

    together(lambda: enter(0), lambda: enter(1))
    assert total == [2], "both were inside"


@right()
def made_once_on_first_use():
    """JCIP 16.2.3, listing 16.4: lazy initialisation, all of it locked."""
    lock = threading.Lock()
    made = []
    instance = None

    def get():
        nonlocal instance
        with lock:
            if instance is None:
                instance = object()
                made.append(instance)
            return instance

    got = []
    together(lambda: got.append(get()), lambda: got.append(get()))
    assert len(made) == 1
    assert got[0] is got[1]


@right()
def checked_twice_the_second_time_under_the_lock():
    """JCIP 16.2.4: the idiom is right where a finished object is published."""
    lock = threading.Lock()
    made = []
    config = None

    def get():
        nonlocal config
        if config is None:
            with lock:
                if config is None:
                    made.append(1)
                    config = {"host": "localhost", "port": 80}
        return config

    def use():
        assert get()["port"] == 80

    together(use, use)
    assert made == [1], "made more than once"


class LockedCachedProperty:
    """A property computed once for each instance, with a lock around check and computation."""

    def __init__(self, compute):
        self.compute = compute
        self.lock = threading.RLock()

    def __set_name__(self, owner, name):
        self.name = f"_{name}"

    def __get__(self, instance, owner=None):
        with self.lock:
            if self.name not in instance.__dict__:
                instance.__dict__[self.name] = self.compute(instance)
            return instance.__dict__[self.name]


class Page:
    """A page that counts how often it was fetched."""

    def __init__(self):
        self.fetched = 0

    @LockedCachedProperty
    def text(self):
        self.fetched += 1
        return "text"


@right()
def a_cached_property_with_a_lock():
    """Stack Overflow, thread-safe cached_property: a descriptor that holds a lock."""
    page = Page()
    seen = []
    together(lambda: seen.append(page.text), lambda: seen.append(page.text))
    assert seen == ["text", "text"]
    assert page.fetched == 1, "fetched more than once"


@right()
def a_generator_is_advanced_under_a_lock():
    """Stack Overflow, “Are generators threadsafe?”: they are not, so lock around `next`."""

    def numbers():
        n = 0
        while True:
            n += 1
            yield n

    lock, source = threading.Lock(), numbers()
    seen = []

    def take():
        with lock:
            n = next(source)
        seen.append(n)

    together(take, take)
    assert sorted(seen) == [1, 2]


@right()
def an_owner_may_enter_again():
    """JCIP 2.3.2, listing 2.7: a method calls its parent's, same lock."""

    class Widget:
        def __init__(self):
            self.lock = threading.RLock()
            self.count = 0

        def do(self):
            with self.lock:
                self.count += 1

    class LoggingWidget(Widget):
        def do(self):
            with self.lock:
                before = self.count
                super().do()
                assert self.count == before + 1

    widget = LoggingWidget()
    together(widget.do, widget.do)
    assert widget.count == 2


@right()
def transfers_in_an_order_with_a_tie_lock():
    """JCIP 10.1.2, listing 10.3: where keys tie, a third lock comes first."""

    class Account:
        def __init__(self, key, balance):
            self.key = key
            self.balance = balance
            self.lock = threading.Lock()

    tie = threading.Lock()

    def move(source, target, amount):
        source.balance -= amount
        target.balance += amount

    def transfer(source, target, amount):
        if source.key == target.key:
            with tie, source.lock, target.lock:
                move(source, target, amount)
        else:
            first, second = sorted((source, target), key=lambda account: account.key)
            with first.lock, second.lock:
                move(source, target, amount)

    a, b, c = Account(1, 10), Account(1, 10), Account(2, 10)
    together(lambda: transfer(a, b, 3), lambda: transfer(b, a, 1), lambda: transfer(c, a, 2))
    assert [a.balance, b.balance, c.balance] == [10, 12, 8]


@right()
def try_lock_and_back_off():
    """JCIP 13.1.1, listing 13.3: give up the first lock if the second is taken."""
    left, right_ = threading.Lock(), threading.Lock()
    done = []

    def take(first, second, pause):
        while True:
            with first:
                if second.acquire(blocking=False):
                    done.append(pause)
                    second.release()
                    return
            time.sleep(pause)

    together(lambda: take(left, right_, 0.01), lambda: take(right_, left, 0.02))
    assert sorted(done) == [0.01, 0.02]


class Reference:
    """One datum with an atomic compare-and-set, as the hardware has it."""

    def __init__(self, value):
        self.value = value
        self.lock = threading.Lock()

    def compare_and_set(self, old, new):
        with self.lock:
            if self.value is not old:
                return False
            self.value = new
            return True


@right()
def a_counter_without_locking_out_anybody():
    """JCIP 15.2, listing 15.2: compute, then compare and set, until it works."""
    count = Reference(0)

    def increment():
        while True:
            old = count.value
            if count.compare_and_set(old, old + 1):
                return

    together(increment, increment)
    assert count.value == 2


@right()
def two_data_that_have_nothing_to_do_with_each_other():
    """JCIP 11.4.2: lock splitting, one lock for each independent datum."""
    users_lock, queries_lock = threading.Lock(), threading.Lock()
    users, queries = set(), []

    def add_user(name):
        with users_lock:
            users.add(name)

    def add_query(text):
        with queries_lock:
            queries.append(text)

    def ana():
        add_user("ana")
        add_query("?")

    def ben():
        add_query("!")
        add_user("ben")

    together(ana, ben)
    assert (len(users), len(queries)) == (2, 2)


@right()
def sums_of_their_own_merged_under_a_lock():
    """OSTEP 29.1: the approximate counter, local counts moved to the global one now and then."""
    own = threading.local()
    lock, total = threading.Lock(), [0]

    def count(numbers):
        own.sum = 0
        for n in numbers:
            own.sum += n
        with lock:
            total[0] += own.sum

    together(lambda: count([1, 2, 3]), lambda: count([4, 5]))
    assert total == [15]


@right()
def sums_of_their_own_merged_after_join():
    """Stack Overflow, threads that return values: a slot each, added up when all have ended."""
    own = threading.local()
    slots = [0, 0]

    def count(me, numbers):
        own.sum = 0
        for n in numbers:
            own.sum += n
        slots[me] = own.sum

    together(lambda: count(0, [1, 2, 3]), lambda: count(1, [4, 5]))
    assert sum(slots) == 15
    assert not hasattr(own, "sum")


@right()
def readers_see_one_snapshot_or_the_other():
    """JCIP 3.4.2: related values in one immutable holder."""
    lock = threading.Lock()
    pair = (1, 1)

    def grow():
        nonlocal pair
        with lock:
            number, _ = pair
            pair = (number + 1, (number + 1) ** 2)

    def look():
        number, square = pair
        assert square == number**2, "half of one and half of the other"

    together(grow, look, grow)
    assert pair == (3, 9)


@right()
def a_queue_with_a_lock_at_each_end():
    """OSTEP 29.3, after Michael and Scott: a dummy node keeps head and tail apart."""

    class Node:
        def __init__(self, value):
            self.value = value
            self.after = None

    class Queue:
        def __init__(self):
            self.head = self.tail = Node(None)
            self.head_lock, self.tail_lock = threading.Lock(), threading.Lock()

        def put(self, value):
            node = Node(value)
            with self.tail_lock:
                self.tail.after = node
                self.tail = node

        def get(self):
            with self.head_lock:
                first = self.head.after
                if first is None:
                    return None
                self.head = first
                return first.value

    queue, got = Queue(), []
    queue.put(1)

    def taker():
        got.append(queue.get())

    together(lambda: queue.put(2), taker)
    assert got == [1]
    assert (queue.get(), queue.get()) == (2, None)


@right()
def a_list_copied_on_write():
    """JCIP 5.2.3: iterate over the list that was there, writers replace it."""
    lock = threading.Lock()
    listeners = ["a"]

    def subscribe(name):
        nonlocal listeners
        with lock:
            listeners = [*listeners, name]

    told = []

    def tell():
        for name in listeners:
            told.append(name.upper())

    together(tell, lambda: subscribe("b"))
    assert listeners == ["a", "b"]
    assert told in (["A"], ["A", "B"])
