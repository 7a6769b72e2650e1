"""Lock, RLock, Condition, Semaphore, Event and Barrier: as the real ones, under every schedule."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
import time

import pytest

from taketurns import explore, simulate

from .reality import said, same


def lock_arguments():
    lock = threading.Lock()
    return [
        said(lock.acquire, False, 1),
        said(lock.acquire, timeout=-2),
        said(lock.acquire, timeout=1e30),
        said(lock.acquire, timeout=float("nan")),
        said(lock.acquire, timeout=None),
        said(lock.acquire, True, "long"),
        said(lock.release),
        lock.acquire(),
        lock.acquire(False),
        lock.acquire(timeout=0),
        lock.acquire(True, 0.01),
        lock.locked(),
        repr(lock),
        lock.release(),
        lock.acquire(0),
        lock.release(),
        lock.__enter__(),
        lock.__exit__(None, None, None),
        repr(lock),
        said(threading.Lock, 1),
        said(threading.Lock, a=1),
        isinstance(threading.Lock, type),
        said(copy.copy, lock),
        said(pickle.dumps, lock),
    ]


def rlock_arguments():
    lock = threading.RLock()
    return [
        said(lock.release),
        said(lock.acquire, False, 1),
        said(lock.acquire, timeout=-2),
        lock.acquire(),
        lock.acquire(False),
        lock.acquire(timeout=0.01),
        lock.__enter__(),
        repr(lock),
        lock.release(),
        lock.__exit__(None, None, None),
        lock.release(),
        lock.release(),
        said(lock.release),
        repr(lock),
        isinstance(threading.RLock, type),
        hasattr(lock, "locked"),
        said(copy.deepcopy, lock),
    ]


def rlock_of_another_thread():
    lock = threading.RLock()
    lock.acquire()
    seen = []
    thread = threading.Thread(
        target=lambda: seen.extend(
            [lock.acquire(False), lock.acquire(timeout=0.01), said(lock.release)]
        )
    )
    thread.start()
    thread.join()
    return seen


def condition_errors():
    condition = threading.Condition()
    with condition:
        owned = [
            condition.wait(0),
            condition.wait(0.01),
            condition.wait(-1),
            condition.wait_for(lambda: 0, 0.01),
            condition.wait_for(lambda: "yes"),
            condition.notify(),
            condition.notify_all(),
            repr(condition),
            said(condition.wait, "long"),
        ]
    return [
        said(condition.wait),
        said(condition.notify),
        said(condition.notify_all),
        said(condition.release),
        said(threading.Condition, 3),
        said(threading.Condition(threading.Lock()).wait),
        repr(condition),
        *owned,
    ]


def condition_over_a_lock_of_ones_own():
    class Loud:
        def __init__(self):
            self.lock = threading.Lock()
            self.calls = []

        def acquire(self, *args):
            self.calls.append("acquire")
            return self.lock.acquire(*args)

        def release(self):
            self.calls.append("release")
            self.lock.release()

        def __enter__(self):
            return self.acquire()

        def __exit__(self, *exc_info):
            self.release()

    lock = Loud()
    condition = threading.Condition(lock)
    ready = []

    def waiter():
        with condition:
            while not ready:
                condition.wait()

    thread = threading.Thread(target=waiter)
    thread.start()
    while not lock.calls.count("release"):
        time.sleep(0.01)
    with condition:
        ready.append(1)
        condition.notify()
    thread.join()
    return lock.lock.locked(), said(condition.notify)


def condition_lets_go_of_all_levels():
    condition = threading.Condition()
    seen = []

    def other():
        with condition:
            seen.append("other")
            condition.notify()

    thread = threading.Thread(target=other)
    with condition, condition:
        thread.start()
        seen.append(condition.wait())
        condition.release()
        seen.append(said(condition.notify))
        condition.acquire()
    thread.join()
    return seen


def semaphores():
    semaphore = threading.Semaphore(2)
    bounded = threading.BoundedSemaphore()
    return [
        said(threading.Semaphore, -1),
        said(threading.Semaphore, "many"),
        said(semaphore.acquire, False, 1),
        said(semaphore.release, 0),
        semaphore.acquire(),
        semaphore.acquire(timeout=0.01),
        semaphore.acquire(False),
        semaphore.acquire(timeout=0),
        semaphore.acquire(timeout=-1),
        semaphore.acquire(timeout=0.01),
        semaphore.release(3),
        semaphore._value,
        repr(semaphore),
        semaphore.__enter__(),
        semaphore.__exit__(None, None, None),
        said(bounded.release),
        said(bounded.release, 0),
        bounded.acquire(),
        repr(bounded),
        bounded.release(),
        repr(bounded),
    ]


def events():
    event = threading.Event()
    return [
        event.wait(0),
        event.wait(0.01),
        event.wait(-1),
        said(event.wait, "long"),
        event.is_set(),
        repr(event),
        event.set(),
        event.wait(),
        event.wait(0),
        event.is_set(),
        repr(event),
        event.clear(),
        event.is_set(),
    ]


def barriers():
    barrier = threading.Barrier(1, action=lambda: seen.append("action"))
    seen = []
    seen += [barrier.wait(), barrier.wait(), barrier.parties, barrier.n_waiting, barrier.broken]
    seen += [repr(barrier), barrier.abort(), repr(barrier), said(barrier.wait), barrier.broken]
    seen += [barrier.reset(), barrier.broken, barrier.wait()]

    def fail():
        raise KeyError("action")

    failing = threading.Barrier(1, fail)
    seen += [said(failing.wait), failing.broken, said(failing.wait)]
    alone = threading.Barrier(2, timeout=0.01)
    seen += [said(alone.wait), alone.broken, alone.reset(), said(alone.wait, 0), alone.n_waiting]
    return [*seen, type(said(threading.Barrier, 0)).__name__]


def barrier_of_three():
    barrier = threading.Barrier(3)
    numbers = []

    def party():
        numbers.append(barrier.wait())
        numbers.append(barrier.wait())

    threads = [threading.Thread(target=party) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(numbers), barrier.n_waiting, barrier.broken


def one_late_party_breaks_the_barrier_for_all():
    barrier = threading.Barrier(3)
    seen = []

    def party(limit):
        seen.append(said(barrier.wait, limit))

    threads = [threading.Thread(target=party, args=(limit,)) for limit in (None, 0.02)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen, said(barrier.wait), barrier.broken


@pytest.mark.parametrize(
    "program",
    [
        lock_arguments,
        rlock_arguments,
        rlock_of_another_thread,
        condition_errors,
        condition_over_a_lock_of_ones_own,
        condition_lets_go_of_all_levels,
        semaphores,
        events,
        barriers,
        barrier_of_three,
        one_late_party_breaks_the_barrier_for_all,
    ],
    ids=lambda program: program.__name__,
)
def test_it_behaves_as_the_real_one(program):
    same(program)


def test_no_class_can_be_made_of_a_lock():
    def program():
        def derive():
            class Mine(threading.Lock):
                pass

        return said(derive)[0]

    assert simulate(program).result == "TypeError"


def run_together(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_every_order_of_a_lock_is_found_once():
    def program():
        lock = threading.Lock()
        order = []

        def worker(name):
            with lock:
                order.append(name)

        run_together(lambda: worker(1), lambda: worker(2), lambda: worker(3))
        return tuple(order)

    report = explore(program)

    assert str(report.coverage) == "every schedule"
    assert (6, 6) == (len(report.outcomes), report.coverage.schedules)


def test_a_failed_try_is_explored_beside_a_successful_one():
    def program():
        lock = threading.Lock()
        got = []
        run_together(
            lambda: got.append(lock.acquire(False)),
            lambda: got.append(lock.acquire(blocking=False)),
        )
        return sorted(got)

    assert {(False, True)} == set(explore(program).outcomes)


def test_a_timeout_takes_exactly_its_time():
    def program():
        lock = threading.Lock()
        lock.acquire()
        return lock.acquire(timeout=1.5), time.monotonic()

    assert (False, 1.5) == simulate(program).result


def test_a_lock_may_be_released_by_another_thread():
    def program():
        lock = threading.Lock()
        lock.acquire()
        threading.Thread(target=lock.release).start()
        return lock.acquire()

    assert explore(program).check().outcomes == {True: 1}


def test_the_second_acquire_of_a_lock_waits_for_itself():
    def program():
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    report = explore(program)

    assert report.verdict == "deadlock"
    assert "main waits for Lock `lock`, which it holds itself" in report.failure.run.message


def test_a_deadlock_names_who_holds_what():
    def program():
        first, second = threading.Lock(), threading.RLock()

        def backwards():
            with second, first:
                pass

        thread = threading.Thread(target=backwards, name="door A")
        thread.start()
        with first, second:
            pass
        thread.join()

    message = explore(program).failure.run.message

    assert "main waits for RLock `second` held by door A" in message
    assert "door A waits for Lock `first` held by main" in message


def test_who_waits_longest_is_notified_first():
    def program():
        condition = threading.Condition()
        order = []

        def waiter(name):
            with condition:
                condition.wait()
                order.append(name)

        threads = [threading.Thread(target=waiter, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
            time.sleep(1)
        for _ in threads:
            with condition:
                condition.notify()
            time.sleep(1)
        return "".join(order)

    assert {"ab": 1} == explore(program).outcomes


def test_a_notification_before_the_wait_is_lost():
    def program():
        condition = threading.Condition()

        def waiter():
            with condition:
                condition.wait()

        thread = threading.Thread(target=waiter)
        thread.start()
        with condition:
            condition.notify()
        thread.join()

    report = explore(program)

    assert report.verdict == "deadlock"
    assert "waits for a notification of Condition `condition`" in report.failure.run.message


def test_what_was_true_at_the_notification_may_be_false_after_the_wait():
    def program():
        condition = threading.Condition()
        items = []

        def taker():
            with condition:
                if not items:
                    condition.wait()
                items.pop()

        def giver():
            with condition:
                items.append(1)
                condition.notify()

        run_together(taker, taker, giver, giver)

    report = explore(program)

    assert report.verdict == "thread-exception"
    assert "pop from empty list" in report.failure.run.message


def test_wait_for_waits_until_it_is_true():
    def program():
        condition = threading.Condition()
        items = []

        def giver():
            with condition:
                items.append(1)
                condition.notify_all()

        thread = threading.Thread(target=giver)
        thread.start()
        with condition:
            condition.wait_for(lambda: items)
            found = len(items)
        thread.join()
        return found

    assert {1: 2} == explore(program).check().outcomes


def test_wait_for_gives_up_in_time():
    def program():
        condition = threading.Condition()
        with condition:
            return condition.wait_for(lambda: False, timeout=2), time.monotonic()

    assert (False, 2.0) == simulate(program).result


def test_a_semaphore_lets_in_as_many_as_it_has_permits():
    def program():
        semaphore = threading.Semaphore(2)
        lock = threading.Lock()
        inside, most = 0, 0

        def worker():
            nonlocal inside, most
            with semaphore:
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1

        run_together(worker, worker, worker)
        return most

    assert {1, 2} == set(explore(program).check().outcomes)


def test_set_reaches_who_is_certainly_waiting_though_cleared_at_once():
    def program():
        event = threading.Event()
        thread = threading.Thread(target=event.wait)
        thread.start()
        time.sleep(1)
        event.set()
        event.clear()
        thread.join()

    explore(program).check()


def test_a_pulse_may_come_before_the_wait():
    def program():
        event = threading.Event()
        thread = threading.Thread(target=event.wait)
        thread.start()
        event.set()
        event.clear()
        thread.join()

    report = explore(program)

    assert report.verdict == "deadlock"
    assert "waits for Event `event` to be set" in report.failure.run.message


def test_a_fast_thread_cannot_lap_a_barrier():
    def program():
        barrier = threading.Barrier(2)
        log = []

        def party():
            for phase in range(2):
                log.append(phase)
                barrier.wait()

        run_together(party, party)
        return tuple(log)

    assert {(0, 0, 1, 1)} == set(explore(program).check().outcomes)


def test_the_action_runs_once_while_all_wait():
    def program():
        done = []
        barrier = threading.Barrier(2, action=lambda: done.append(1))
        seen = []

        def party():
            barrier.wait()
            seen.append(len(done))

        run_together(party, party)
        return seen

    assert {(1, 1)} == set(explore(program).check().outcomes)


def test_who_waits_at_a_barrier_is_counted_in_the_explanation():
    def program():
        gate = threading.Barrier(3)
        run_together(gate.wait, gate.wait)

    report = explore(program)

    assert report.verdict == "deadlock"
    assert "Barrier `gate`, which 2 of 3 have reached" in report.failure.run.message


def test_a_reset_sends_the_waiting_away():
    def program():
        barrier = threading.Barrier(2)
        seen = []
        thread = threading.Thread(target=lambda: seen.append(said(barrier.wait)))
        thread.start()
        time.sleep(1)
        barrier.reset()
        thread.join()
        return seen[0][0], barrier.broken

    assert {("BrokenBarrierError", False): 1} == explore(program).outcomes


@pytest.mark.parametrize(
    "program, schedules",
    [
        (lambda: phases(2, 1), 2),
        (lambda: phases(3, 1), 6),
        (lambda: gate(3), 8),
        (lambda: permits(3, 2), 30),
    ],
    ids=["barrier-of-2", "barrier-of-3", "start-gate", "two-permits"],
)
def test_the_search_stays_small(program, schedules):
    coverage = explore(program).check().coverage

    assert coverage.complete
    assert coverage.schedules <= schedules


def phases(parties, times):
    barrier = threading.Barrier(parties)

    def party():
        for _ in range(times):
            barrier.wait()

    run_together(*[party] * parties)


def gate(runners):
    event = threading.Event()
    threads = [threading.Thread(target=event.wait) for _ in range(runners)]
    for thread in threads:
        thread.start()
    event.set()
    for thread in threads:
        thread.join()


def permits(workers, count):
    semaphore = threading.Semaphore(count)

    def worker():
        with semaphore:
            pass

    run_together(*[worker] * workers)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="RLock.locked came with Python 3.14")
def test_an_rlock_says_whether_it_is_locked():
    def program():
        lock = threading.RLock()
        with lock:
            return lock.locked()

    same(program)
