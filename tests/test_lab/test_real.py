from __future__ import annotations

import functools
import queue
import sys
import threading
import types
from collections import Counter, deque

import pytest

from taketurns.lab.real import Measured, Quiet, State, measure


def measured(program, runs=3, seconds=1e9, now=None) -> Measured:
    result = Measured()
    options = {} if now is None else {"now": now}
    measure(program, result, quiet=Quiet(), runs=runs, seconds=seconds, **options)
    return result


def test_outcomes_are_counted_by_what_the_program_returns():
    outside = types.ModuleType("outside")  # what modules hold is not put back
    outside.answers = [1, [1, 2], 1]

    def program():
        return outside.answers.pop()

    found = measured(program)

    assert ({1: 2, (1, 2): 1}, 3, 0) == (found.outcomes, found.runs, found.failed)


def test_no_run_is_begun_when_time_is_up():
    times = iter(range(100))
    found = measured(lambda: None, runs=200, seconds=10, now=lambda: next(times))

    assert 4 == found.runs  # each looks at the clock three times
    assert [1] * 4 == found.times


def test_failures_and_dead_threads_are_noted_and_never_printed(capfd):
    def program():
        thread = threading.Thread(target=lambda: [print("hello"), 1 / 0], name="helper")
        thread.start()
        thread.join()
        print("in main", file=sys.stderr)
        raise KeyError("in main")

    found = measured(program)

    assert 3 == found.failed
    assert {"KeyError: 'in main'": 3, "helper died of ZeroDivisionError: division by zero": 3} == (
        found.troubles
    )
    assert ("", "") == capfd.readouterr()


def test_a_run_waits_for_the_threads_that_the_program_has_left():
    outside = types.ModuleType("outside")
    outside.ended = []

    def last():
        outside.ended.append("last")

    def first():
        threading.Thread(target=last).start()
        outside.ended.append("first")

    before = set(threading.enumerate())
    measured(lambda: threading.Thread(target=first).start(), runs=2)

    assert ["first", "first", "last", "last"] == sorted(outside.ended)
    assert before == set(threading.enumerate())


def test_what_others_print_meanwhile_is_printed(capfd):
    begun = threading.Event()
    other = threading.Thread(target=lambda: [begun.wait(30), print("other")])
    other.start()
    with Quiet():
        begun.set()
        other.join()

    assert ("other\n", "") == capfd.readouterr()


def test_the_hook_and_the_streams_are_put_back():
    before = threading.excepthook, sys.stdout, sys.stderr
    measured(lambda: 1 / 0)

    assert before == (threading.excepthook, sys.stdout, sys.stderr)


# -- what is put back ----------------------------------------------------------------------------

total = 0
seats = [1, 2]
prices = {"a": 1}
lock = threading.Lock()
waiting = queue.Queue()


class Office:
    opened = 0

    def __init__(self):
        self.visitors = 0
        self.names = []

    def enter(self, name):
        Office.opened += 1
        self.visitors += 1
        self.names.append(name)


office = Office()


def helper():
    global total
    total += 1


def changes_everything():
    with lock:
        helper()
        seats.append(3)
        prices.clear()
        office.enter("Ada")


def everything():
    return total, [*seats], dict(prices), Office.opened, office.visitors, [*office.names]


def test_every_run_finds_what_the_first_one_found():
    before = everything()
    found = measured(lambda: (everything(), changes_everything())[0])

    assert 3 == found.runs
    assert 1 == len(found.outcomes)
    assert before == everything()


def test_captured_names_and_arguments_are_put_back_too():
    count = 0
    names, tally = deque(), Counter("a")

    def program(places, *, kept):
        nonlocal count
        count += 1
        names.append(count)
        tally["b"] += 1
        places.append(count)
        kept.add(count)
        return count, len(names), len(places), len(kept), tally["b"]

    found = measured(functools.partial(program, [], kept=set()))

    assert {(1, 1, 1, 1, 1): 3} == found.outcomes
    assert (0, deque(), Counter("a")) == (count, names, tally)


def test_a_method_of_a_learners_object_is_a_program_too():
    here = Office()
    found = measured(functools.partial(here.enter, "Ada"))

    assert {None: 3} == found.outcomes
    assert ([], 0) == (here.names, here.visitors)


def test_what_cannot_be_put_back_is_named_and_the_program_runs_once():
    found = measured(lambda: waiting.put(1))

    assert (1, "waiting") == (found.runs, found.lasting)
    assert 1 == waiting.get_nowait()


def test_a_method_of_a_list_is_followed_to_the_list():
    kept = []
    measured(functools.partial(kept.append, 1))

    assert [] == kept


@pytest.mark.parametrize("program", [changes_everything, lambda: print(sys.path), helper])
def test_modules_builtins_and_locks_are_no_hindrance(program):
    assert not State(program).lasting
