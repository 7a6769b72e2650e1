"""Loops that wait: they are seen to be waiting, and nothing that they could do is lost."""

from __future__ import annotations

import itertools
import queue
import random
import threading
import time

import pytest

from taketurns import explore
from taketurns.engine import spinning
from taketurns.engine.search import Reduced

from .random_programs import HEADER, Walk, planned, searched

PATIENT = "every schedule"
FAIR = "every schedule in which no loop keeps turning in vain"


def together(*jobs):
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- what waits and is served ------------------------------------------------------------------


def polls_under_a_lock():
    lock, done = threading.Lock(), [0]

    def work():
        with lock:
            done[0] += 1

    def wait():
        while True:
            with lock:
                if done[0] == 2:
                    return

    together(work, work, wait)


def two_poll_under_one_lock():
    lock, flag = threading.Lock(), []

    def wait():
        while True:
            with lock:
                if flag:
                    return

    def tell():
        with lock:
            flag.append("set")

    together(wait, wait, tell)


def polls_with_a_sleep():
    lock, flag = threading.Lock(), []

    def wait():
        while True:
            with lock:
                if flag:
                    return
            time.sleep(0.1)

    def tell():
        with lock:
            flag.append("set")

    together(wait, tell)


def gives_the_lock_back_in_the_loop():
    lock, flag = threading.Lock(), []

    def wait():
        lock.acquire()
        while not flag:
            lock.release()
            time.sleep(0.1)
            lock.acquire()
        lock.release()

    def tell():
        with lock:
            flag.append("set")

    together(wait, tell)


def waits_again_after_every_timeout():
    changed, flag = threading.Condition(), []

    def wait():
        with changed:
            while not flag:
                changed.wait(timeout=1)

    def tell():
        with changed:
            flag.append("set")
            changed.notify()

    together(wait, tell)


def gets_again_after_every_timeout():
    line, got = queue.Queue(), []

    def take():
        while not got:
            try:
                got.append(line.get(timeout=1))
            except queue.Empty:
                continue

    together(take, lambda: line.put("item"))
    assert ["item"] == got


def passes_the_token_on():
    line, stop = queue.SimpleQueue(), threading.Event()
    line.put("token")

    def work():
        while not stop.is_set():
            line.put(line.get())

    together(work, work, stop.set)


def backs_off():
    left, right, done = threading.Lock(), threading.Lock(), []

    def take(first, second):
        while True:
            with first:
                if second.acquire(blocking=False):
                    done.append("had both")
                    second.release()
                    return
            time.sleep(0.1)

    together(lambda: take(left, right), lambda: take(right, left))
    assert ["had both"] * 2 == done


def backs_off_for_a_random_time():
    left, right, done = threading.Lock(), threading.Lock(), []

    def take(first, second):
        while True:
            with first:
                if second.acquire(blocking=False):
                    done.append("had both")
                    second.release()
                    return
            time.sleep(random.random())

    together(lambda: take(left, right), lambda: take(right, left))
    assert ["had both"] * 2 == done


def is_polite():
    wants, served = [False, False], []

    def enter(me):
        wants[me] = True
        while wants[1 - me]:
            wants[me] = False
            time.sleep(0)
            wants[me] = True
        served.append(me)
        wants[me] = False

    together(lambda: enter(0), lambda: enter(1))
    assert [0, 1] == sorted(served)


class Slow(threading.Thread):
    def __getattribute__(self, name):
        for _ in range(3):
            pass
        return super().__getattribute__(name)


class Box:
    def __getattr__(self, name):
        raise LookupError(name)


def polls_what_answers_for_itself():
    box, worker = Box(), Slow()
    box.lock, box.done = threading.Lock(), False

    def wait():
        while not box.done:
            with box.lock:
                worker.daemon = False

    def tell():
        with box.lock:
            box.done = True

    together(wait, tell)


SERVED = {
    polls_under_a_lock: (PATIENT, PATIENT),
    two_poll_under_one_lock: (PATIENT, PATIENT),
    polls_with_a_sleep: (PATIENT, PATIENT),
    gives_the_lock_back_in_the_loop: (PATIENT, PATIENT),
    waits_again_after_every_timeout: (PATIENT, PATIENT),
    gets_again_after_every_timeout: (PATIENT, PATIENT),
    polls_what_answers_for_itself: (PATIENT, PATIENT),
    passes_the_token_on: (FAIR, FAIR),
    backs_off: (FAIR, FAIR),
    backs_off_for_a_random_time: (PATIENT, FAIR),
    is_polite: (FAIR, FAIR),
}


@pytest.mark.parametrize("clock", ["exact", "adversarial"])
@pytest.mark.parametrize("program", SERVED)
def test_a_loop_that_waits_and_is_served_holds(program, clock):
    report = explore(program, clock=clock)

    assert report.check() is report
    assert SERVED[program][clock == "adversarial"] == str(report.coverage)


# -- what waits for ever -----------------------------------------------------------------------


def nobody_sets_it_under_the_lock():
    lock, flag = threading.Lock(), []

    def wait():
        while True:
            with lock:
                if flag:
                    return

    together(wait, wait)


def nobody_sets_it_between_sleeps():
    lock, flag = threading.Lock(), []

    def wait():
        while True:
            with lock:
                if flag:
                    return
            time.sleep(1)

    together(wait, wait)


def nobody_tells_who_waits_again():
    changed, flag = threading.Condition(), []

    def wait():
        with changed:
            while not flag:
                changed.wait(timeout=1)

    together(wait)


def keeps_the_lock_while_it_waits():
    lock, flag = threading.Lock(), []

    def wait():
        with lock:
            while not flag:
                time.sleep(1)

    def tell():
        with lock:
            flag.append("set")

    together(wait, tell)


def disturb_each_other_and_wait_for_nothing():
    left, right, flag = threading.Lock(), threading.Lock(), []

    def wait(first, second):
        while not flag:
            with first:
                if second.acquire(blocking=False):
                    second.release()

    together(lambda: wait(left, right), lambda: wait(right, left))


@pytest.mark.parametrize("clock", ["exact", "adversarial"])
@pytest.mark.parametrize(
    "program",
    [
        nobody_sets_it_under_the_lock,
        nobody_sets_it_between_sleeps,
        nobody_tells_who_waits_again,
        keeps_the_lock_while_it_waits,
        disturb_each_other_and_wait_for_nothing,
    ],
)
def test_a_loop_that_waits_for_ever_makes_no_progress(program, clock):
    report = explore(program, clock=clock)

    assert "no-progress" == report.verdict
    assert report.failure.run.verdict == "no-progress"


def waits_for_luck():
    left, right = threading.Lock(), threading.Lock()

    def wait():
        while True:
            with left:
                right.acquire(blocking=False)
                if random.random() < 0.01:
                    return

    together(wait, wait)


def test_a_loop_that_waits_for_luck_is_left_undecided():
    report = explore(waits_for_luck)

    assert "inconclusive" == report.verdict
    assert "loops that wait for luck" in report.note


def counts_to_many():
    lock, count = threading.Lock(), [0]
    while count[0] < 300:
        with lock:
            count[0] += 1
    return count[0]


def takes_the_same_thing_many_times():
    line, count = queue.Queue(), itertools.count()
    for _ in range(5):
        line.put("same")
    line.put(None)
    while line.get() is not None:
        next(count)
    return next(count)


def comes_back_to_the_same_number():
    number = rounds = 0
    while rounds < 2:
        number = (number + 1) % 50_000
        rounds += number == 0
    return rounds


@pytest.mark.parametrize(
    ("program", "result"),
    [
        (counts_to_many, 300),
        (takes_the_same_thing_many_times, 5),
        pytest.param(comes_back_to_the_same_number, 2, marks=pytest.mark.slow),
    ],
)
def test_a_loop_that_does_something_is_not_taken_for_one_that_waits(program, result):
    report = explore(program)

    assert {result} == report.outcomes.keys()
    assert report.coverage.complete


# -- nothing is lost ---------------------------------------------------------------------------

WAIT = [
    "while not flag[0]:\n    pass",
    "while True:\n    with lock:\n        if flag[0]:\n            break",
    "while True:\n    with lock:\n        if flag[0]:\n            break\n    time.sleep(0.1)",
    "with cond:\n    while not flag[0]:\n        cond.wait(0.1)",
    "while not lock.acquire(False):\n    time.sleep(0)\nlock.release()",
    "while not lock.acquire(timeout=0.1):\n    pass\nlock.release()",
    "lock.acquire()\nwhile not flag[0]:\n    lock.release()\n    lock.acquire()\nlock.release()",
    "while True:\n    with cond:\n        if lock.acquire(0):\n            break\nlock.release()",
    "while not other[0] and not flag[0]:\n    with lock:\n        other[0] = 0",
    "while not flag[0]:\n    other[0] += 1\n    other[0] -= 1",
]
DO = [
    "saw.append(lock.locked())",
    "saw.append(lock.acquire(False))\nif saw[-1]:\n    lock.release()",
    "saw.append(lock.acquire(timeout=0.1))\nif saw[-1]:\n    lock.release()",
    "saw.append(other[0])",
    "other[0] = 1",
    "with lock:\n    flag[0] = not flag[0]",
    "with lock:\n    saw.append(flag[0])",
    "with cond:\n    saw.append(flag[0])\n    cond.notify_all()",
    "with lock:\n    with cond:\n        other[0] = 2",
]
LAST = ["flag[0] = True", "with lock:\n    flag[0] = True"]


def waiting_program(seed: int) -> str:
    """One or two threads that wait in a loop for one that does a few things."""
    rng = random.Random(seed)
    waits = [rng.choice(WAIT) for _ in range(rng.choice((1, 1, 1, 2)))]
    does = [rng.choice(DO) for _ in range(rng.randrange(1, 4 - len(waits)))]
    if rng.random() < 0.4:
        does = [rng.choice(DO[:4])] * 3
    does.append(rng.choice(LAST))
    setup = [
        "lock, cond = threading.Lock(), threading.Condition()",
        "flag, other, saw, late = [False], [0], [], []",
    ]
    bodies = [f"{body}\nlate.append(other[0])" for body in waits] + ["\n".join(does)]
    lines = [*setup]
    for number, body in enumerate(bodies):
        lines.append(f"def work{number}():")
        lines += [f"    {line}" for line in body.split("\n")]
    crew = ", ".join(f"threading.Thread(target=work{n})" for n in range(len(bodies)))
    lines += [f"crew = [{crew}]", "for t in crew: t.start()", "for t in crew: t.join()"]
    lines.append("return flag[0], other[0], tuple(saw), tuple(late)")
    return f"{HEADER}\n\n\ndef program():\n" + "\n".join(f"    {line}" for line in lines) + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("block", range(4))
def test_random_walks_of_loops_that_are_never_parked_find_nothing_new(block, monkeypatch):
    compared = 0
    for seed in range(block * 60, (block + 1) * 60):
        text = waiting_program(seed)
        clock = "adversarial" if seed % 2 else "exact"
        with planned(text) as the_plan:
            reduced = searched(the_plan, Reduced(), clock, 400)
            if not reduced.whole or not reduced.exact:
                continue
            parked = searched(the_plan, Walk(seed, 60), clock, 60)
            with monkeypatch.context() as patch:
                patch.setattr(spinning, "look", lambda *_: None)
                walked = searched(the_plan, Walk(seed, 100), clock, 100)
        compared += 1
        found = {outcome for outcome in walked.outcomes if outcome[0] != "inconclusive"}
        assert found <= reduced.outcomes, f"seed {seed}, {clock}\n{text}"
        kinds = {kind for kind, _ in reduced.outcomes | parked.outcomes}
        assert kinds <= {kind for kind, _ in found}, f"seed {seed}, {clock}\n{text}"

    assert compared >= 30
