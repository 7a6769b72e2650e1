"""Programs whose threads wait for ever, or act on a signal that they misread."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor


def together(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- lock-not-released -----------------------------------------------------------------------------


def left_by_an_early_return():
    lock, left = threading.Lock(), [1]

    def take():
        lock.acquire()
        if not left:
            return
        left.pop()
        lock.release()

    together(take, take, take)


def left_by_an_exception():
    lock = threading.Lock()

    def divide(by):
        lock.acquire()
        try:
            1 / by
        except ZeroDivisionError:
            return
        lock.release()

    together(lambda: divide(0), lambda: divide(1))


# -- permit-leak -----------------------------------------------------------------------------------


def permit_kept_on_error():
    gate = threading.Semaphore(1)

    def fetch(url):
        gate.acquire()
        if not url:
            return
        gate.release()

    together(lambda: fetch(""), lambda: fetch("a"))


def both_permits_kept():
    gate = threading.BoundedSemaphore(2)

    def fetch():
        gate.acquire()

    together(fetch, fetch, fetch)


# -- lock-not-released and permit-leak, near misses ------------------------------------------------


def waits_for_a_signal_that_never_comes():
    done = threading.Semaphore(0)

    def work():
        done.release()

    def wait_for_both():
        done.acquire()
        done.acquire()

    together(work, wait_for_both)


def a_future_that_is_never_set():
    answer = Future()
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(answer.result).result()


def a_lock_as_a_signal():
    turn = threading.Lock()
    turn.acquire()

    def give():
        turn.release()

    def take_twice():
        turn.acquire()
        turn.acquire()

    together(give, take_twice)


# -- self-deadlock ---------------------------------------------------------------------------------


def takes_it_twice():
    lock = threading.Lock()

    def outer():
        with lock:
            inner()

    def inner():
        with lock:
            pass

    together(outer)


class Till:
    def __init__(self):
        self.lock = threading.Lock()
        self.sum = 0

    def total(self):
        with self.lock:
            return self.sum

    def report(self):
        with self.lock:
            return f"total {self.total()}"


def a_method_calls_another():
    Till().report()


# -- lock-order ------------------------------------------------------------------------------------


def two_locks_in_two_orders():
    left, right = threading.Lock(), threading.Lock()

    def one():
        with left, right:
            pass

    def other():
        with right, left:
            pass

    together(one, other)


def waits_for_a_permit_with_the_lock():
    lock, boats = threading.Lock(), threading.Semaphore(1)

    def take():
        with lock:
            boats.acquire()

    def give_back():
        with lock:
            boats.release()

    take()
    family = threading.Thread(target=take)
    family.start()
    give_back()
    family.join()


def three_philosophers():
    forks = [threading.Lock() for _ in range(3)]

    def dine(seat):
        with forks[seat], forks[(seat + 1) % 3]:
            pass

    together(lambda: dine(0), lambda: dine(1), lambda: dine(2))


def a_pool_of_one_waits_for_itself():
    pool = ThreadPoolExecutor(max_workers=1)

    def outer():
        return pool.submit(len, "page").result()

    with pool:
        pool.submit(outer).result()


def a_pool_of_two_waits_for_itself():
    pool = ThreadPoolExecutor(max_workers=2)

    def outer():
        return pool.submit(len, "page").result()

    with pool:
        for future in [pool.submit(outer) for _ in range(2)]:
            future.result()


# -- lock-order and self-deadlock, near misses -----------------------------------------------------


def joins_while_it_holds_the_lock():
    lock = threading.Lock()

    def work():
        with lock:
            pass

    with lock:
        together(work)


def waits_for_an_event_that_needs_its_lock():
    lock, ready = threading.Lock(), threading.Event()

    def prepare():
        with lock:
            ready.set()

    def use():
        with lock:
            ready.wait()

    together(prepare, use)


# -- if-instead-of-while ---------------------------------------------------------------------------


def two_consumers_one_item():
    changed = threading.Condition()
    items, taken = [], []

    def take():
        with changed:
            if not items:
                changed.wait()
            taken.append(items.pop())

    def put():
        with changed:
            items.append("bread")
            changed.notify_all()

    together(take, take, put, put)
    assert len(taken) == 2


def count_below_nothing():
    changed, count = threading.Condition(), 0

    def take():
        nonlocal count
        with changed:
            if count == 0:
                changed.wait()
            count -= 1
            assert count >= 0, "less than nothing"

    def put():
        nonlocal count
        with changed:
            count += 1
            changed.notify()

    together(take, take, put, put)


def woken_for_another_reason():
    changed, ready, seen = threading.Condition(), False, []

    def use():
        with changed:
            if not ready:
                changed.wait()
            seen.append(ready)

    def nudge():
        with changed:
            changed.notify_all()

    def prepare():
        nonlocal ready
        with changed:
            ready = True
            changed.notify_all()

    together(use, nudge, prepare)
    assert seen == [True], "used before it was ready"


class Shelf:
    """Two things of which the condition's own name is neither."""

    def __init__(self, room):
        self.room = room
        self.loaves = []
        self.changed = threading.Condition()

    def put(self):
        with self.changed:
            if len(self.loaves) == self.room:
                self.changed.wait()
            self.loaves.append("loaf")
            self.changed.notify_all()

    def take(self):
        with self.changed:
            while not self.loaves:
                self.changed.wait()
            self.changed.notify_all()
            return self.loaves.pop()


def two_loaves_in_one_place():
    shelf = Shelf(1)
    shelf.put()

    together(shelf.put, shelf.put, shelf.take)
    assert len(shelf.loaves) <= shelf.room


# -- if-instead-of-while, near misses --------------------------------------------------------------


def looks_again_and_fails_elsewhere():
    changed, ready, seen = threading.Condition(), False, []

    def use():
        with changed:
            changed.wait_for(lambda: ready)
            seen.append("tea")

    def prepare():
        nonlocal ready
        with changed:
            ready = True
            changed.notify_all()

    together(use, prepare)
    assert seen == ["coffee"], "tea is no coffee"


def if_but_what_it_found_was_true():
    changed, ready, seen = threading.Condition(), False, []

    def use():
        with changed:
            if not ready:
                changed.wait()
            seen.append(ready)

    def prepare():
        nonlocal ready
        with changed:
            ready = True
            changed.notify_all()

    together(use, prepare)
    assert seen == [False], "the assertion is wrong, not the wait"


def waits_rightly_and_takes_the_last():
    shelf = Shelf(2)
    shelf.loaves.append("first")
    taken = []

    together(shelf.put, shelf.put, lambda: taken.append(shelf.take()))
    assert taken == ["first"], "the order is wrong, not the wait"


# -- lost-wakeup -----------------------------------------------------------------------------------


def notified_before_it_waited():
    go = threading.Condition()

    def wait():
        with go:
            go.wait()

    def call():
        with go:
            go.notify()

    together(wait, call)


def decided_outside_the_lock():
    changed, ready = threading.Condition(), False

    def wait():
        if not ready:
            with changed:
                changed.wait()

    def prepare():
        nonlocal ready
        with changed:
            ready = True
            changed.notify_all()

    together(wait, prepare)


class Post:
    def __init__(self):
        self.letters = []
        self.came = threading.Condition()

    def bring(self):
        with self.came:
            self.letters.append("letter")
            self.came.notify()

    def ring_and_bring(self):
        with self.came:
            self.came.notify()
        self.letters.append("letter")

    def fetch(self):
        with self.came:
            while not self.letters:
                self.came.wait()
            return self.letters.pop()

    def hear_twice(self):
        with self.came:
            self.came.wait()
            self.came.wait()

    def bring_two(self):
        self.bring()
        self.bring()


def missed_the_second_call():
    post = Post()
    together(post.hear_twice, post.bring_two)


def told_too_early_the_second_time():
    post = Post()

    def fetch_two():
        post.fetch()
        post.fetch()

    def bring_two():
        post.bring()
        post.ring_and_bring()

    together(fetch_two, bring_two)


# -- lost-wakeup, near misses ----------------------------------------------------------------------


def nobody_ever_notifies():
    changed, ready = threading.Condition(), False

    def wait():
        with changed:
            while not ready:
                changed.wait()

    def prepare():
        nonlocal ready
        with changed:
            ready = True

    together(wait, prepare)


def notified_and_still_not_so():
    changed, count = threading.Condition(), 0

    def wait_for_two():
        with changed:
            while count < 2:
                changed.wait()

    def add():
        nonlocal count
        with changed:
            count += 1
            changed.notify_all()

    together(wait_for_two, add)


# -- wrong-thread-notified -------------------------------------------------------------------------


def one_of_two_who_wait_for_the_same():
    changed, is_open = threading.Condition(), False

    def enter():
        with changed:
            while not is_open:
                changed.wait()

    def unlock():
        nonlocal is_open
        with changed:
            is_open = True
            changed.notify()

    together(enter, enter, unlock)


def one_item_for_two():
    changed, shelf = threading.Condition(), []

    def take():
        with changed:
            while not shelf:
                changed.wait()
            shelf.pop()

    def put():
        with changed:
            shelf.append("bread")
            changed.notify()

    together(take, take, put)


def baker_woken_for_a_customer():
    changed, shelf = threading.Condition(), ["roll"]

    def bake():
        with changed:
            while len(shelf) > 1:
                changed.wait()
            shelf.append("bread")

    def buy():
        with changed:
            while "bread" not in shelf:
                changed.wait()
            shelf.remove("bread")

    def deliver():
        with changed:
            shelf.extend(["bread", "cake"])
            changed.notify()

    def fill():
        with changed:
            shelf.append("cake")

    together(fill, bake, buy, deliver)


def even_and_odd():
    changed, turn = threading.Condition(), 0

    def play(me):
        nonlocal turn
        with changed:
            while turn != me:
                changed.wait()
            turn = (turn + 1) % 3
            changed.notify()

    together(lambda: play(0), lambda: play(1), lambda: play(2))


# -- pulse-missed ----------------------------------------------------------------------------------


def set_and_cleared_at_once():
    go = threading.Event()

    def wait():
        go.wait()

    def pulse():
        go.set()
        go.clear()

    together(wait, pulse)


def cleared_before_the_wait():
    go = threading.Event()

    def wait():
        go.clear()
        go.wait()

    def call():
        go.set()

    together(call, wait)


# -- pulse-missed, near misses ---------------------------------------------------------------------


def never_set():
    go = threading.Event()

    def wait():
        go.wait()

    together(wait)


def waits_twice_for_one_signal():
    go = threading.Event()

    def wait():
        go.wait()
        go.clear()
        go.wait()

    def call():
        go.set()

    together(call, wait)


# -- barrier-skipped -------------------------------------------------------------------------------


def one_leaves_before_the_second_phase():
    line = threading.Barrier(2)

    def run(phases):
        for _ in range(phases):
            line.wait()

    together(lambda: run(1), lambda: run(2))


def one_finds_nothing_to_do():
    line, results = threading.Barrier(2), []

    def run(part):
        if not part:
            return
        results.append(sum(part))
        line.wait()

    together(lambda: run([1]), lambda: run([]))


def one_fails_on_the_way():
    line = threading.Barrier(2)

    def run(by):
        1 / by
        line.wait()

    together(lambda: run(1), lambda: run(0))


# -- barrier-skipped, near misses ------------------------------------------------------------------


def three_at_a_barrier_for_two():
    line = threading.Barrier(2)

    def run():
        line.wait()

    together(run, run, run)


def one_is_held_up_at_a_lock():
    line, lock = threading.Barrier(2), threading.Lock()

    def first():
        with lock:
            line.wait()

    def second():
        with lock:
            pass
        line.wait()

    together(first, second)


# -- barrier-lapping -------------------------------------------------------------------------------


def one_round_ahead():
    line, frame, shown = threading.Barrier(2), 0, []

    def render():
        nonlocal frame
        for number in (1, 2):
            frame = number
            line.wait()

    def show():
        for _ in (1, 2):
            line.wait()
            shown.append(frame)

    together(render, show)
    assert shown == [1, 2], f"shown {shown}"


def cells_of_neighbours():
    line, cells, sums = threading.Barrier(2), [0, 0], []

    def left():
        for number in (1, 2):
            cells[0] = number
            line.wait()

    def right():
        for _ in (1, 2):
            line.wait()
            sums.append(cells[0])

    together(left, right)
    assert sum(sums) == 3, f"read {sums}"


# -- barrier-lapping, near misses ------------------------------------------------------------------


def two_barriers_and_a_wrong_number():
    line, frame, shown = threading.Barrier(2), 0, []

    def render():
        nonlocal frame
        for number in (1, 2):
            frame = number
            line.wait()
            line.wait()

    def show():
        for _ in (1, 2):
            line.wait()
            shown.append(frame)
            line.wait()

    together(render, show)
    assert shown == [1, 3], f"shown {shown}"


def counts_in_each_phase_without_a_lock():
    line, total = threading.Barrier(2), 0

    def run():
        nonlocal total
        for _ in (1, 2):
            line.wait()
            total += 1

    together(run, run)
    assert total == 4, "an update was lost"


NAMED = {
    "wrong-without-preemption": [waits_for_a_signal_that_never_comes],
    "lock-not-released": [left_by_an_early_return, left_by_an_exception],
    "permit-leak": [permit_kept_on_error, both_permits_kept],
    "self-deadlock": [
        takes_it_twice,
        a_method_calls_another,
        a_pool_of_one_waits_for_itself,
        a_pool_of_two_waits_for_itself,
    ],
    "lock-order": [
        two_locks_in_two_orders,
        three_philosophers,
        waits_for_a_permit_with_the_lock,
    ],
    "if-instead-of-while": [
        two_consumers_one_item,
        count_below_nothing,
        woken_for_another_reason,
        two_loaves_in_one_place,
    ],
    "lost-wakeup": [
        notified_before_it_waited,
        decided_outside_the_lock,
        missed_the_second_call,
        told_too_early_the_second_time,
    ],
    "wrong-thread-notified": [
        baker_woken_for_a_customer,
        even_and_odd,
        one_of_two_who_wait_for_the_same,
    ],
    "pulse-missed": [set_and_cleared_at_once, cleared_before_the_wait],
    "barrier-skipped": [
        one_leaves_before_the_second_phase,
        one_finds_nothing_to_do,
        one_fails_on_the_way,
    ],
    "barrier-lapping": [one_round_ahead, cells_of_neighbours],
}
NEAR_MISSES = {
    "wrong-without-preemption": {waits_for_an_event_that_needs_its_lock: None},
    "lock-not-released": {waits_for_a_signal_that_never_comes: None, a_lock_as_a_signal: None},
    "permit-leak": {waits_for_a_signal_that_never_comes: None, a_lock_as_a_signal: None},
    "self-deadlock": {
        waits_for_a_signal_that_never_comes: None,
        a_lock_as_a_signal: None,
        a_future_that_is_never_set: None,
    },
    "lock-order": {
        joins_while_it_holds_the_lock: None,
        waits_for_an_event_that_needs_its_lock: None,
    },
    "if-instead-of-while": {
        looks_again_and_fails_elsewhere: None,
        if_but_what_it_found_was_true: None,
        waits_rightly_and_takes_the_last: None,
    },
    "lost-wakeup": {nobody_ever_notifies: None, notified_and_still_not_so: None},
    "wrong-thread-notified": {
        one_item_for_two: None,
        nobody_ever_notifies: None,
    },
    "pulse-missed": {never_set: None, waits_twice_for_one_signal: None},
    "barrier-skipped": {three_at_a_barrier_for_two: None, one_is_held_up_at_a_lock: None},
    "barrier-lapping": {
        two_barriers_and_a_wrong_number: None,
        counts_in_each_phase_without_a_lock: "lost-update",
    },
}
ADVERSARIAL = set()
