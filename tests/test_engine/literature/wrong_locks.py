"""Wrong programs: threads that wait for each other, or for a lock that nobody gives back."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from .programs import together, wrong


@wrong("deadlock", "lock-order")
def philosophers_all_right_handed():
    """OSTEP 31.6: each takes the fork to the left, and waits for the other."""
    forks = [threading.Lock() for _ in range(3)]

    def philosopher(me):
        with forks[me], forks[(me + 1) % 3]:
            pass

    together(lambda: philosopher(0), lambda: philosopher(1), lambda: philosopher(2))


@wrong("deadlock", "lock-order")
def a_transfer_in_an_order_that_can_tie():
    """JCIP 10.1.2: keys that are equal give no order, `sorted` keeps the given."""

    class Account:
        def __init__(self, key, balance):
            self.key = key
            self.balance = balance
            self.lock = threading.Lock()

    def transfer(source, target, amount):
        first, second = sorted((source, target), key=lambda account: account.key)
        with first.lock, second.lock:
            source.balance -= amount
            target.balance += amount

    a, b = Account("Smith", 10), Account("Smith", 10)
    together(lambda: transfer(a, b, 1), lambda: transfer(b, a, 2))


@wrong("deadlock", "lock-order")
def left_right():
    """JCIP 10.1.1, listing 10.1: two methods, two orders."""
    left, right = threading.Lock(), threading.Lock()

    def left_first():
        with left, right:
            pass

    def right_first():
        with right, left:
            pass

    together(left_first, right_first)


@wrong("deadlock", "lock-order")
def objects_that_call_each_other_with_their_locks():
    """JCIP 10.1.3, listing 10.5: a taxi and its dispatcher."""

    class Taxi:
        def __init__(self):
            self.lock, self.place = threading.Lock(), "depot"

        def arrive(self, place):
            with self.lock:
                self.place = place
                dispatcher.available(self)

        def where(self):
            with self.lock:
                return self.place

    class Dispatcher:
        def __init__(self):
            self.lock, self.free = threading.Lock(), []

        def available(self, taxi):
            with self.lock:
                self.free.append(taxi)

        def picture(self):
            with self.lock:
                return [taxi.where() for taxi in taxis]

    dispatcher, taxis = Dispatcher(), [Taxi()]
    together(lambda: taxis[0].arrive("station"), dispatcher.picture)


@wrong("deadlock", "self-deadlock")
def a_method_that_calls_another_with_the_lock():
    """JCIP 2.3.2, listing 2.7, with a Lock that its owner cannot take twice."""

    class Counter:
        def __init__(self):
            self.lock, self.value = threading.Lock(), 0

        def add(self, n):
            with self.lock:
                self.value += n

        def add_twice(self, n):
            with self.lock:
                self.add(n)
                self.add(n)

    together(lambda: Counter().add_twice(1))


@wrong("deadlock", "lock-not-released")
def a_lock_kept_by_an_exception():
    """JCIP 13.1, listing 13.2: without `finally`, an error keeps the lock."""
    lock, balance = threading.Lock(), {"ana": 1}

    def pay(name):
        lock.acquire()
        try:
            balance[name] -= 1
        except KeyError:
            return
        lock.release()

    together(lambda: pay("zoe"), lambda: pay("ana"))


@wrong("deadlock", "permit-leak")
def a_permit_lost_on_an_exception():
    """JCIP 5.5.3, listing 5.14: BoundedHashSet without giving back on failure."""
    permits, done = threading.Semaphore(1), []

    def fetch(page):
        permits.acquire()
        if page == "missing":
            raise LookupError(page)
        done.append(page)
        permits.release()

    def tolerant(page):
        try:
            fetch(page)
        except LookupError:
            done.append(None)

    together(lambda: tolerant("missing"), lambda: tolerant("home"))


@wrong("thread-exception")
def a_lock_given_back_by_somebody_else():
    """Python docs, RLock.release: only the owner may, and a timer is not the owner."""
    lock = threading.RLock()

    def helper():
        lock.release()

    with lock:
        together(helper)


@wrong("exception")
def a_lock_given_back_twice():
    """Stack Overflow, “release unlocked lock”: once in the body, once by `with`."""
    lock, total = threading.Lock(), 0

    def add():
        nonlocal total
        with lock:
            total += 1
            lock.release()

    add()


@wrong("thread-exception", "timeout-ignored", clock="adversarial")
def a_lock_given_back_that_was_not_got():
    """Stack Overflow, acquire with a timeout, release in `finally`: it was another's lock."""
    lock, done = threading.Lock(), []

    def work():
        try:
            if lock.acquire(timeout=1):
                done.append(1)
        finally:
            lock.release()

    together(work, work)


@wrong("deadlock")
def the_mutex_is_taken_first():
    """OSTEP 31.4: holds the mutex, and waits for what needs the mutex to come."""
    empty, full, mutex = threading.Semaphore(1), threading.Semaphore(0), threading.Lock()
    buffer = deque()

    def produce():
        with mutex:
            empty.acquire()
            buffer.append(1)
            full.release()

    def consume():
        with mutex:
            full.acquire()
            buffer.popleft()
            empty.release()

    together(consume, produce)


@wrong("deadlock")
def both_readers_want_to_write():
    """JCIP 13.5: two readers upgrade, each waits for the other to stop reading."""
    changed, readers = threading.Condition(), 0

    def read_then_write():
        nonlocal readers
        with changed:
            readers += 1
        with changed:
            while readers > 1:
                changed.wait()
            readers -= 1
            changed.notify_all()

    together(read_then_write, read_then_write)


@wrong("exception")
def joins_itself():
    """Python docs, Thread.join: “cannot join current thread”."""
    threading.current_thread().join()


@wrong("exception")
def joins_what_has_not_begun():
    """Stack Overflow, “cannot join thread before it is started”."""
    threading.Thread(target=print).join()


@wrong("exception")
def starts_a_thread_again():
    """Stack Overflow, “threads can only be started once”: a new run needs a new Thread."""
    thread = threading.Thread(target=len, args=("",))
    thread.start()
    thread.join()
    thread.start()


@wrong("deadlock")
def threads_that_join_each_other():
    """Stack Overflow, deadlock with join: each waits for the other to end."""
    crew = []

    def wait_for(other):
        crew[other].join()

    crew.append(threading.Thread(target=wait_for, args=(1,)))
    crew.append(threading.Thread(target=wait_for, args=(0,)))
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()


@wrong("deadlock")
def joins_with_the_lock_that_the_other_needs():
    """Stack Overflow, join inside `with lock`: the thread that is waited for waits for the lock."""
    lock, total = threading.Lock(), 0

    def add():
        nonlocal total
        with lock:
            total += 1

    thread = threading.Thread(target=add)
    with lock:
        thread.start()
        thread.join()


@wrong("deadlock", "self-deadlock")
def a_task_waits_for_a_task_behind_it():
    """JCIP 8.1.1, listing 8.1: thread starvation deadlock in a pool of one."""
    with ThreadPoolExecutor(1) as pool:

        def page():
            header = pool.submit(lambda: "header")
            return header.result() + " body"

        assert pool.submit(page).result() == "header body"


@wrong("deadlock", "lock-order")
def a_lock_and_a_semaphore_in_two_orders():
    """OSTEP 32.3: what can be held and waited for makes a circle, whatever it is called."""
    lock, permit = threading.Lock(), threading.Semaphore(1)

    def lock_first():
        with lock, permit:
            pass

    def permit_first():
        with permit, lock:
            pass

    together(lock_first, permit_first)


@wrong("deadlock", "lock-not-released")
def an_early_return_with_the_lock():
    """Stack Overflow, return before release: the second visitor never comes in."""
    lock, stock = threading.Lock(), [0]

    def buy():
        lock.acquire()
        if stock[0] == 0:
            return
        stock[0] -= 1
        lock.release()

    together(buy, buy)
