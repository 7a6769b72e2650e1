"""`explore`, `simulate` and `replay`, as their users see them."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from taketurns import (
    Inconclusive,
    ScheduleError,
    ScheduleFailure,
    explore,
    replay,
    simulate,
)


class Counter:
    def __init__(self):
        self.value = 0

    def increment(self):
        self.value += 1


class LockedCounter(Counter):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def increment(self):
        with self.lock:
            super().increment()


def total(counter, threads=2, times=1):
    def work():
        for _ in range(times):
            counter.increment()

    crew = [threading.Thread(target=work) for _ in range(threads)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return counter.value


def two_increments():
    return total(Counter())


def three_increments():
    return total(Counter(), threads=3)


def two_that_must_count():
    assert total(Counter()) == 2, "an update was lost"


def two_locked_that_must_count():
    assert total(LockedCounter()) == 2, "an update was lost"


def test_every_outcome_of_a_race_is_found() -> None:
    report = explore(three_increments)

    assert report.holds
    assert sorted(report.outcomes) == [1, 2, 3]
    assert str(report.coverage) == "every schedule"


def test_each_outcome_has_a_schedule_that_gives_it_again() -> None:
    report = explore(three_increments)

    assert [replay(three_increments, report.schedules[n]).result for n in (1, 2, 3)] == [1, 2, 3]
    assert report.example(1).result == 1


def test_an_unknown_outcome_is_said_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="outcomes: 1, 2"):
        explore(two_increments).example(7)


def test_a_lost_update_is_found_named_and_replayable() -> None:
    report = explore(two_that_must_count)

    assert (report.holds, report.verdict) == (False, "assertion")
    assert report.failure is not None
    assert report.failure.mistake == "lost-update"
    assert "an update was lost" in report.failure.message
    for _ in range(20):
        run = replay(two_that_must_count, report.failure.schedule)
        assert (run.verdict, run.message) == ("assertion", "an update was lost")


def test_a_lock_holds_under_every_schedule() -> None:
    report = explore(two_locked_that_must_count)

    assert report.check() is report
    assert report.coverage.complete


@pytest.mark.parametrize(("threads", "times"), [(2, 1), (2, 3), (3, 1), (3, 2), (4, 1)])
def test_programs_may_be_partials_over_plain_data(threads: int, times: int) -> None:
    def program(threads, times):
        return total(LockedCounter(), threads, times)

    report = explore(partial(program, threads, times=times))

    assert report.outcomes.keys() == {threads * times}
    assert report.coverage.complete


def test_check_raises_an_assertion_error_that_tells_everything() -> None:
    with pytest.raises(ScheduleFailure) as failure:
        explore(two_that_must_count).check()

    error = failure.value
    assert isinstance(error, AssertionError)
    assert error.schedule in str(error)
    assert "an update was lost" in str(error)
    assert "lost-update" in str(error)


def test_a_failure_is_shrunk_to_the_fewest_switches() -> None:
    report = explore(two_that_must_count)

    assert report.failure is not None
    body = report.failure.schedule.partition(".")[0]
    assert sum(character.isalpha() for character in body) == 1


def test_a_schedule_of_a_changed_program_is_refused() -> None:
    report = explore(two_that_must_count)

    assert report.failure is not None
    with pytest.raises(ScheduleError, match="another version"):
        simulate(two_locked_that_must_count, schedule=report.failure.schedule)


# -- deadlock ----------------------------------------------------------------------------------


def opposite_orders():
    left, right = threading.Lock(), threading.Lock()

    def ana():
        with left, right:
            pass

    def ben():
        with right, left:
            pass

    crew = [threading.Thread(target=ana, name="ana"), threading.Thread(target=ben, name="ben")]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()


def never_released():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def waits_for_nobody():
    threading.Event().wait()


def joins_a_thread_that_waits():
    gate = threading.Condition()

    def wait():
        with gate:
            gate.wait()

    thread = threading.Thread(target=wait, name="sleeper")
    thread.start()
    thread.join()


def test_a_deadlock_says_who_waits_for_whom() -> None:
    report = explore(opposite_orders)

    assert report.verdict == "deadlock"
    assert report.failure is not None
    assert report.failure.mistake == "lock-order"
    message = report.failure.message
    assert "ana waits for Lock `right` held by ben" in message
    assert "ben waits for Lock `left` held by ana" in message


def test_waiting_for_oneself_is_named() -> None:
    failure = explore(never_released).failure

    assert failure is not None
    assert failure.mistake == "self-deadlock"
    assert "which it holds itself" in failure.message


def test_waiting_for_nobody_is_a_deadlock() -> None:
    assert explore(waits_for_nobody).verdict == "deadlock"
    report = explore(joins_a_thread_that_waits)
    assert report.failure is not None
    assert "main waits for sleeper to end" in report.failure.message


# -- threads that outlive the program ----------------------------------------------------------


def leaves_a_blocked_thread():
    threading.Thread(target=threading.Event().wait, name="forgotten").start()


def leaves_a_thread_that_ends():
    threading.Thread(target=time.sleep, args=(5,)).start()


def leaves_a_daemon():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return "done"


def test_a_thread_that_never_ends_is_a_leak_unless_it_is_a_daemon() -> None:
    report = explore(leaves_a_blocked_thread)

    assert report.verdict == "leaked-thread"
    assert report.failure is not None
    assert "forgotten" in report.failure.message
    assert explore(leaves_a_thread_that_ends).holds
    assert explore(leaves_a_daemon).outcomes == {"done": 1}


# -- time --------------------------------------------------------------------------------------


def two_naps():
    def nap(seconds):
        time.sleep(seconds)

    crew = [threading.Thread(target=nap, args=(seconds,)) for seconds in (2, 3)]
    before = time.monotonic()
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return time.monotonic() - before


def sleeps_instead_of_waiting():
    found = []

    def work():
        found.append("result")

    threading.Thread(target=work, daemon=True).start()
    time.sleep(60)
    assert found == ["result"], "the result was not there yet"


def test_virtual_time_is_exact_and_costs_nothing() -> None:
    run = simulate(two_naps)

    assert (run.result, run.elapsed) == (3.0, 3.0)


def test_the_adversarial_clock_catches_sleep_as_synchronisation() -> None:
    assert explore(sleeps_instead_of_waiting).holds

    report = explore(sleeps_instead_of_waiting, clock="adversarial")
    assert report.verdict == "assertion"
    assert report.failure is not None
    assert report.failure.schedule.startswith("~")
    assert replay(sleeps_instead_of_waiting, report.failure.schedule).verdict == "assertion"


def spins_until_told():
    told = []
    seen = []

    def spin():
        while not told:
            pass
        seen.append("told")

    thread = threading.Thread(target=spin)
    thread.start()
    told.append(True)
    thread.join()
    return seen


def polls_until_told():
    told = []

    def poll():
        while not told:
            time.sleep(0.1)

    thread = threading.Thread(target=poll)
    thread.start()
    time.sleep(1)
    told.append(True)
    thread.join()
    return time.monotonic()


def waits_for_a_moment():
    while time.monotonic() < 0.05:
        pass
    return time.monotonic() >= 0.05


@pytest.mark.parametrize("clock", ["exact", "adversarial"])
def test_loops_that_wait_for_another_thread_come_to_their_end(clock: str) -> None:
    assert explore(spins_until_told, clock=clock).outcomes.keys() == {("told",)}
    assert explore(polls_until_told, clock=clock).holds


def test_a_loop_that_waits_for_the_clock_comes_to_its_end() -> None:
    assert simulate(waits_for_a_moment).result is True


# -- coverage ----------------------------------------------------------------------------------


def too_many_schedules():
    return total(Counter(), threads=4, times=4)


def too_long():
    return total(Counter(), threads=2, times=50_000)


@pytest.mark.slow
def test_what_was_not_covered_is_said() -> None:
    report = explore(too_many_schedules, budget=30_000)

    assert report.holds
    assert not report.coverage.complete
    assert str(report.coverage).startswith(("every schedule with at most", "a sample of"))


@pytest.mark.slow
def test_a_program_too_long_to_explore_is_neither_right_nor_wrong() -> None:
    report = explore(too_long)

    assert (report.holds, report.verdict, report.failure) == (False, "inconclusive", None)
    with pytest.raises(Inconclusive, match="undecided: too long to explore"):
        report.check()


def test_the_budget_counts_steps_so_that_every_machine_says_the_same() -> None:
    reports = [explore(too_many_schedules, budget=5_000) for _ in range(3)]

    assert len({(str(r.coverage), r.coverage.schedules, str(r.outcomes)) for r in reports}) == 1


# -- output and presentation -------------------------------------------------------------------


def prints():
    print("one", 2, sep="-")
    print("three", end="!")


def test_output_is_captured() -> None:
    assert simulate(prints).output == "one-2\nthree!"


def test_results_print_short_and_explain_long() -> None:
    report = explore(two_that_must_count)
    run = simulate(two_increments)

    assert repr(report) == ("<Report: two_that_must_count fails: lost-update (2 schedules tried)>")
    assert repr(run) == f"<Run of two_increments: ok, {len(run.events)} steps, 0 s>"
    assert "self.value" in run.explain()
    assert report.failure is not None
    assert report.failure.explain() in report.explain()


def test_results_show_themselves_as_a_picture_and_as_text() -> None:
    for result in (explore(two_that_must_count), simulate(two_increments), explore(two_increments)):
        bundle = result._repr_mimebundle_()
        assert bundle["image/svg+xml"].startswith("<svg")
        assert bundle["text/plain"]


def gives_up_after_five_looks():
    done = []
    looks = []

    def look():
        tries = []
        while not done:
            tries.append(1)
            if len(tries) == 5:
                break
        looks.append(len(tries))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return looks


def test_a_loop_that_changes_something_of_its_own_is_not_mistaken_for_waiting() -> None:
    assert explore(gives_up_after_five_looks).outcomes.keys() == {(5,)}


class Grown:
    def __init__(self):
        self.value = 1


class Grown(Grown):
    lock_type = threading.Lock  # a function before Python 3.13, which `self.` must not bind

    def doubled(self):
        with self.lock_type():
            return self.value * 2


def test_a_class_may_be_redefined_by_itself_and_keep_lock_as_its_attribute() -> None:
    assert explore(lambda: Grown().doubled()).outcomes == {2: 1}
