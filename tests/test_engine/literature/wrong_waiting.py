"""Wrong programs: conditions, events, semaphores and barriers misunderstood."""

from __future__ import annotations

import threading
import time

from .programs import together, wrong


@wrong("thread-exception", "if-instead-of-while")
def if_for_while():
    """OSTEP 30.2: woken, but another consumer has been quicker."""
    changed, items = threading.Condition(), []

    def produce():
        for item in ("first", "second"):
            with changed:
                items.append(item)
                changed.notify()

    def consume():
        with changed:
            if not items:
                changed.wait()
            items.pop()

    together(consume, consume, produce)


@wrong("thread-exception", "if-instead-of-while")
def all_are_woken_for_one():
    """JCIP 14.2.2: after `notify_all`, the condition is true for the first only."""
    changed, seats = threading.Condition(), 0

    def sit():
        nonlocal seats
        with changed:
            if seats == 0:
                changed.wait()
            seats -= 1
            assert seats >= 0, "two on one seat"

    def get_up():
        nonlocal seats
        for _ in range(2):
            with changed:
                seats += 1
                changed.notify_all()

    together(sit, sit, get_up)


@wrong("deadlock", "lost-wakeup")
def the_look_is_outside_of_the_lock():
    """OSTEP 30.1: notified between the look and the wait."""
    changed, done = threading.Condition(), False

    def child():
        nonlocal done
        done = True
        with changed:
            changed.notify()

    def parent():
        if not done:
            with changed:
                changed.wait()

    together(parent, child)


@wrong("deadlock", "lost-wakeup")
def a_wait_without_a_state():
    """OSTEP 30.1: if the child is first, its signal is for nobody."""
    ended = threading.Condition()

    def child():
        with ended:
            ended.notify()

    def parent():
        with ended:
            ended.wait()

    together(parent, child)


@wrong("deadlock", "wrong-thread-notified")
def producers_and_consumers_in_one_queue():
    """OSTEP 30.2: a consumer wakes a consumer, and all of them sleep."""
    changed, buffer = threading.Condition(), []

    def put(n):
        with changed:
            while buffer:
                changed.wait()
            buffer.append(n)
            changed.notify()

    def take():
        with changed:
            while not buffer:
                changed.wait()
            buffer.pop()
            changed.notify()

    together(take, take, lambda: [put(1), put(2)])


@wrong("deadlock", "wrong-thread-notified")
def one_is_woken_who_cannot_use_it():
    """OSTEP 30.3: memory for ten was freed, and the one who wants a hundred was told."""
    changed, free = threading.Condition(), 0

    def allocate(size):
        nonlocal free
        with changed:
            while free < size:
                changed.wait()
            free -= size

    def release(size):
        nonlocal free
        with changed:
            free += size
            changed.notify()

    threading.Thread(target=lambda: allocate(100), daemon=True).start()
    together(lambda: allocate(10), lambda: release(10))


@wrong("deadlock", "wrong-thread-notified")
def notify_where_all_must_know():
    """JCIP 14.2.4: a latch opens for all, so all must be told."""
    changed, is_open = threading.Condition(), False

    def wait():
        with changed:
            while not is_open:
                changed.wait()

    def open_it():
        nonlocal is_open
        with changed:
            is_open = True
            changed.notify()

    together(wait, wait, open_it)


@wrong("thread-exception")
def waits_without_the_lock():
    """Stack Overflow, “cannot wait on un-acquired lock”: `wait` gives back a lock, so have it."""
    changed = threading.Condition()

    def wait():
        changed.wait()

    together(wait)


@wrong("deadlock")
def nested_monitor_lockout():
    """Stack Overflow, nested monitor lockout: it waits inside, and keeps the door outside shut."""
    outside, inside = threading.Lock(), threading.Condition()
    items = []

    def take():
        with outside, inside:
            while not items:
                inside.wait()

    def put():
        with outside, inside:
            items.append(1)
            inside.notify()

    together(take, put)


@wrong("deadlock", "pulse-missed")
def set_and_cleared_at_once():
    """Stack Overflow, wake all waiters of an Event: who comes after `clear` has missed it."""
    green = threading.Event()

    def walk():
        green.wait()

    def light():
        green.set()
        green.clear()

    together(walk, light)


@wrong("deadlock", "pulse-missed")
def cleared_by_one_for_two():
    """Stack Overflow, an Event with two waiters: the first clears it, before the second looks."""
    post = threading.Event()

    def read():
        post.wait()
        post.clear()

    together(read, read, post.set)


@wrong("deadlock", "pulse-missed")
def cleared_after_the_next_signal():
    """Stack Overflow, clear an Event after the work: signals that came meanwhile are wiped out."""
    work, items = threading.Event(), []

    def worker():
        done = 0
        while done < 2:
            work.wait()
            while items:
                items.pop()
                done += 1
            work.clear()

    def boss():
        for n in range(2):
            items.append(n)
            work.set()

    together(worker, boss)


@wrong("assertion", "timeout-ignored", clock="adversarial")
def a_wait_that_gave_up_counts_as_a_signal():
    """Python docs, Event.wait: it returns False when time was up."""
    ready, data, seen = threading.Event(), [], []

    def produce():
        data.append("data")
        ready.set()

    def consume():
        ready.wait(timeout=10)
        seen.extend(data)

    together(consume, produce)
    assert seen == ["data"], "went on without data"


@wrong("assertion", "timeout-ignored", clock="adversarial")
def the_lock_was_not_got_in_time():
    """JCIP 13.1.1: a timed lock whose answer nobody reads."""
    lock, total = threading.Lock(), 0

    def add():
        nonlocal total
        got = lock.acquire(timeout=1)
        total += 1
        if got:
            lock.release()

    together(add, add)
    assert total == 2


@wrong("assertion", "timeout-ignored")
def a_trylock_whose_answer_nobody_reads():
    """Stack Overflow, `acquire(False)` and on: it does not wait, and it did not get the lock."""
    lock, total = threading.Lock(), 0

    def add():
        nonlocal total
        got = lock.acquire(blocking=False)
        total += 1
        if got:
            lock.release()

    together(add, add)
    assert total == 2


@wrong("deadlock")
def a_rendezvous_in_which_both_wait_first():
    """Little Book 3.3, deadlock #1: each waits before it has said anything."""
    ana_is_here, ben_is_here = threading.Semaphore(0), threading.Semaphore(0)

    def ana():
        ben_is_here.acquire()
        ana_is_here.release()

    def ben():
        ana_is_here.acquire()
        ben_is_here.release()

    together(ana, ben)


@wrong("deadlock")
def a_barrier_without_a_turnstile():
    """Little Book 3.6, deadlock #2: one signal, and two who wait for it."""
    mutex, gate, count = threading.Lock(), threading.Semaphore(0), 0

    def work():
        nonlocal count
        with mutex:
            count += 1
            if count == 2:
                gate.release()
        gate.acquire()

    together(work, work)


@wrong("deadlock")
def a_signal_too_few():
    """Little Book 3.1: a permit that means “done”, given once and wanted twice."""
    done = threading.Semaphore(0)

    together(done.acquire, done.acquire, done.release)


@wrong("deadlock")
def a_barrier_that_waits_with_the_mutex():
    """Little Book 3.6, deadlock #3: the last one cannot come in to open."""
    mutex, gate, count = threading.Lock(), threading.Semaphore(0), 0

    def work():
        nonlocal count
        with mutex:
            count += 1
            if count == 2:
                gate.release()
            gate.acquire()
            gate.release()

    together(work, work)


@wrong("thread-exception", "barrier-lapping")
def a_barrier_used_again_that_stays_open():
    """Little Book 3.7, non-solution: the turnstile is open, and one goes round again."""
    mutex, gate, count = threading.Lock(), threading.Semaphore(0), 0
    laps = 0

    def wait():
        nonlocal count
        with mutex:
            count += 1
            if count == 2:
                gate.release()
        gate.acquire()
        gate.release()

    def leader():
        nonlocal laps
        for lap in (1, 2):
            laps = lap
            wait()

    def follower():
        for lap in (1, 2):
            wait()
            assert laps >= lap, "the leader was lapped"

    together(leader, follower)


@wrong("deadlock", "barrier-lapping")
def a_barrier_that_counts_down_too_late():
    """Stack Overflow, a barrier from a condition: who is woken late finds the next round begun."""
    changed, count = threading.Condition(), 0

    def wait():
        nonlocal count
        with changed:
            count += 1
            if count == 2:
                changed.notify_all()
            while count < 2:
                changed.wait()
        with changed:
            count -= 1

    def runner():
        for _ in range(2):
            wait()

    together(runner, runner)


@wrong("deadlock", "exception-in-thread", "barrier-skipped")
def one_who_never_comes_to_the_barrier():
    """JCIP 5.5.4: one of the parties has died, and nobody breaks the barrier."""
    barrier = threading.Barrier(2)

    def first():
        int("no number")
        barrier.wait()

    together(first, barrier.wait)


@wrong("deadlock", "barrier-skipped")
def one_who_passes_the_barrier_by():
    """Stack Overflow, a Barrier in an `if`: the one who has nothing to do does not come."""
    barrier, parts = threading.Barrier(2), []

    def work(items):
        if not items:
            return
        parts.extend(items)
        barrier.wait()

    together(lambda: work([1]), lambda: work([]))


@wrong("assertion", "limit-not-enforced")
def more_permits_than_places():
    """Stack Overflow, why BoundedSemaphore: one release too many, and two are inside."""
    seats, inside, most = threading.Semaphore(1), [], []

    def sit():
        seats.acquire()
        inside.append(1)
        most.append(len(inside))
        inside.pop()
        seats.release()

    def sits_and_cleans():
        sit()
        seats.release()

    together(sits_and_cleans, sit, sit)
    assert max(most) == 1, "two on one seat"


@wrong("thread-exception")
def a_bounded_semaphore_notices():
    """Python docs, BoundedSemaphore: released once too often, it says so."""
    seats = threading.BoundedSemaphore(1)

    def sit():
        with seats:
            pass
        seats.release()

    together(sit)


@wrong("no-progress")
def spins_on_a_flag_that_nobody_sets():
    """JCIP 3.1, listing 3.1: NoVisibility, with the line missing for good."""
    ready = False

    def reader():
        while not ready:
            pass

    together(reader)


@wrong("no-progress", "lost-update")
def takes_under_the_lock_and_gives_back_beside_it():
    """OSTEP 28.13: test-and-set made of a lock, and a plain store that comes between its halves."""
    lock, taken = threading.Lock(), [False]

    def test_and_set():
        with lock:
            old, taken[0] = taken[0], True
        return old

    def work():
        while test_and_set():
            time.sleep(0)
        taken[0] = False

    together(work, work)


@wrong("no-progress")
def sleeps_and_looks_for_what_never_comes():
    """Stack Overflow, wait for a thread in a loop: the name was spelt another way."""
    state = {}

    def worker():
        state["done"] = True

    def watcher():
        while not state.get("finished"):
            time.sleep(1)

    together(worker, watcher)


@wrong("deadlock", "lost-wakeup")
def told_before_it_was_true():
    """JCIP 14.2.3: notified first, changed afterwards, in two blocks."""
    changed, ready = threading.Condition(), False

    def tell():
        nonlocal ready
        with changed:
            changed.notify_all()
        with changed:
            ready = True

    def wait():
        with changed:
            while not ready:
                changed.wait()

    together(wait, tell)
