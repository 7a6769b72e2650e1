"""Programs whose threads go through phases, or should."""

from __future__ import annotations

import contextlib
import threading
import time


def together(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- barrier-skipped -------------------------------------------------------------------------------


def one_party_more_than_threads():
    line = threading.Barrier(3)

    def run():
        line.wait()

    together(run, run)


def joined_before_the_next_is_started():
    line = threading.Barrier(2)

    for _ in range(2):
        thread = threading.Thread(target=line.wait)
        thread.start()
        thread.join()


def a_barrier_for_each():
    def run():
        line = threading.Barrier(2)
        line.wait()

    together(run, run)


def no_barrier_between_two_phases():
    sums, totals = [0, 0], []

    def run(number):
        sums[number] = number + 1
        totals.append(sums[0] + sums[1])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [3, 3], f"totals {totals}"


# -- barrier-skipped, near misses ------------------------------------------------------------------


def the_third_waits_for_an_event():
    line, go = threading.Barrier(3), threading.Event()

    def run():
        line.wait()

    def late():
        go.wait()
        line.wait()

    together(run, run, late)


def phases_kept_and_a_wrong_sum():
    line, sums, totals = threading.Barrier(2), [0, 0], []

    def run(number):
        sums[number] = number + 1
        line.wait()
        totals.append(sums[0] + sums[1])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [4, 4], f"totals {totals}"


# -- barrier-lapping -------------------------------------------------------------------------------


def notes_on_a_board():
    line, board, read = threading.Barrier(2), {}, []

    def write():
        for day in (1, 2):
            board["note"] = day
            line.wait()

    def copy():
        for _ in (1, 2):
            line.wait()
            read.append(board["note"])

    together(write, copy)
    assert read == [1, 2], f"read {read}"


def shown_as_a_whole():
    line, pieces, shown = threading.Barrier(2), [0, 0], []

    def paint(part):
        for number in (1, 2):
            pieces[part] = number
            if line.wait() == 0:
                shown.append(list(pieces))

    together(lambda: paint(0), lambda: paint(1))
    assert shown == [[1, 1], [2, 2]], f"shown {shown}"


def more_threads_than_parties():
    line, ended, early = threading.Barrier(1), [0, 0], []

    def run(number):
        for phase in (1, 2):
            ended[number] = phase
            line.wait()
            if min(ended) < phase:
                early.append(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not early, f"early {early}"


def a_gate_that_stays_open():
    gate, lock, missing, ended, early = threading.Event(), threading.Lock(), [2], [0, 0], []

    def run(number):
        for phase in (1, 2):
            ended[number] = phase
            with lock:
                missing[0] -= 1
                if missing[0] == 0:
                    gate.set()
            gate.wait()
            if min(ended) < phase:
                early.append(number)

    together(lambda: run(0), lambda: run(1))
    assert not early, f"early {early}"


# -- barrier-lapping, near misses ------------------------------------------------------------------


def the_same_barrier_for_two_groups():
    line, met = threading.Barrier(2), []

    def run():
        for _ in (1, 2):
            line.wait()
        met.append("met")

    threads = [threading.Thread(target=run) for _ in range(4)]
    for group in (threads[:2], threads[2:]):
        for thread in group:
            thread.start()
        for thread in group:
            thread.join()
    assert len(met) == 5, f"{len(met)} met"


def a_start_gate_passed_twice():
    gate, seen = threading.Event(), []

    def run():
        for _ in (1, 2):
            gate.wait()
            seen.append("passed")

    together(run, run, gate.set)
    assert len(seen) == 5, f"{len(seen)} passed"


# -- timeout-ignored -------------------------------------------------------------------------------


def went_on_without_the_late_one():
    line, ended, early = threading.Barrier(2), [0, 0], []

    def run(number):
        for phase in (1, 2):
            time.sleep(3 * number)
            ended[number] = phase
            with contextlib.suppress(threading.BrokenBarrierError):
                line.wait(timeout=2)
            if min(ended) < phase:
                early.append(number)

    together(lambda: run(0), lambda: run(1))
    assert not early, f"early {early}"


# -- timeout-ignored, near misses ------------------------------------------------------------------


def gave_up_when_one_was_late():
    line, given_up = threading.Barrier(2), []

    def run(number):
        time.sleep(3 * number)
        try:
            line.wait(timeout=2)
        except threading.BrokenBarrierError:
            given_up.append(number)

    together(lambda: run(0), lambda: run(1))
    assert len(given_up) == 1, f"{len(given_up)} gave up"


# -- exception-swallowed ---------------------------------------------------------------------------


def broke_the_barrier_and_said_no_more():
    line, done = threading.Barrier(2), []

    def run(by):
        try:
            1 / by
            line.wait()
            done.append(by)
        except ZeroDivisionError:
            line.abort()
        except threading.BrokenBarrierError:
            pass

    together(lambda: run(0), lambda: run(1))
    assert len(done) == 2, f"{len(done)} of 2 are done"


# -- exception-swallowed, near misses --------------------------------------------------------------


def the_others_end_quietly_when_it_is_broken():
    line, reasons = threading.Barrier(2), []

    def run(by):
        try:
            1 / by
            line.wait()
        except ZeroDivisionError as error:
            reasons.append(error)
            line.abort()
        except threading.BrokenBarrierError:
            pass

    together(lambda: run(0), lambda: run(1))
    assert len(reasons) == 2, f"{len(reasons)} reasons"


# -- sleep-as-synchronisation ----------------------------------------------------------------------


def slept_and_looked_at_all_parts():
    sums, totals = [0, 0], []

    def run(number):
        sums[number] = number + 1
        time.sleep(1)
        totals.append(sums[0] + sums[1])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [3, 3], f"totals {totals}"


NAMED = {
    "barrier-skipped": [
        one_party_more_than_threads,
        joined_before_the_next_is_started,
        a_barrier_for_each,
        no_barrier_between_two_phases,
    ],
    "barrier-lapping": [
        notes_on_a_board,
        shown_as_a_whole,
        more_threads_than_parties,
        a_gate_that_stays_open,
    ],
    "timeout-ignored": [went_on_without_the_late_one],
    "exception-swallowed": [broke_the_barrier_and_said_no_more],
    "sleep-as-synchronisation": [slept_and_looked_at_all_parts],
}
NEAR_MISSES = {
    "barrier-skipped": {the_third_waits_for_an_event: None, phases_kept_and_a_wrong_sum: None},
    "barrier-lapping": {the_same_barrier_for_two_groups: None, a_start_gate_passed_twice: None},
    "timeout-ignored": {gave_up_when_one_was_late: None},
    "exception-swallowed": {the_others_end_quietly_when_it_is_broken: None},
}
ADVERSARIAL = {slept_and_looked_at_all_parts}
