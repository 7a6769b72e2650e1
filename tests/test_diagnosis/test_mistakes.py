"""Every mistake is named where it was made, and nowhere else."""

from __future__ import annotations

import re
from functools import cache

import pytest

from taketurns import Failure, explore
from taketurns.diagnosis import MISTAKES

from . import programs_barriers, programs_ends, programs_queues, programs_races, programs_waiting

# As in the design, section 3; the last one was added (CONTRIBUTING says why).
DESIGN = """
    lost-update check-then-act lock-not-shared lock-released-between-read-and-write
    lock-not-released lock-order self-deadlock if-instead-of-while lost-wakeup
    wrong-thread-notified pulse-missed permit-leak limit-not-enforced barrier-skipped
    barrier-lapping missing-sentinel falsy-sentinel check-then-block missing-task-done not-joined
    sleep-as-synchronisation timeout-ignored exception-swallowed exception-in-thread
    accidentally-serial completion-order late-binding daemon-killed
    wrong-without-preemption
"""
# What is told of any program whose first schedule fails, if there is nothing better to tell.
PLAIN = "wrong-without-preemption"
MODULES = (programs_barriers, programs_ends, programs_queues, programs_races, programs_waiting)
NAMED = [
    (mistake, program)
    for module in MODULES
    for mistake, programs in module.NAMED.items()
    for program in programs
]
NEAR_MISSES = [
    (mistake, program, named)
    for module in MODULES
    for mistake, programs in module.NEAR_MISSES.items()
    for program, named in programs.items()
]


@cache
def failure(program) -> Failure:
    hasty = any(program in module.ADVERSARIAL for module in MODULES)
    report = explore(program, clock="adversarial" if hasty else "exact")

    assert report.failure is not None, f"{program.__name__} does not fail: {report.summary()}"
    return report.failure


def ids(value) -> str:
    return getattr(value, "__name__", str(value))


def test_the_identifiers_are_those_of_the_design() -> None:
    assert set(DESIGN.split()) == MISTAKES


def test_each_mistake_has_programs_that_make_it_and_programs_that_do_not() -> None:
    for mistake in MISTAKES:
        assert len([None for name, _ in NAMED if name == mistake]) >= 2, mistake
        assert len([None for name, *_ in NEAR_MISSES if name == mistake]) >= 2, mistake


@pytest.mark.parametrize("mistake, program", NAMED, ids=ids)
def test_the_mistake_is_named(mistake, program) -> None:
    assert mistake == failure(program).mistake, failure(program).explain()


@pytest.mark.parametrize("mistake, program, named", NEAR_MISSES, ids=ids)
def test_a_program_that_fails_otherwise_is_not_accused(mistake, program, named) -> None:
    assert mistake != named
    found = failure(program).mistake
    assert named == (None if found == PLAIN != mistake else found), failure(program).explain()


@pytest.mark.parametrize("mistake, program", NAMED, ids=ids)
def test_the_paragraph_names_threads_and_lines_of_this_run(mistake, program) -> None:
    found = failure(program)
    paragraph = next(
        text for text in found.message.splitlines() if text.startswith(f"{found.mistake}: ")
    )

    assert any(name in paragraph for name in found.run.threads), paragraph
    lines = {int(number) for number in re.findall(r"lines? (\d+)", paragraph)}
    assert lines, paragraph
    assert lines <= {event.line for event in found.run.events}, paragraph
    assert not paragraph.endswith("..")
    assert "None" not in paragraph.partition(": ")[2].replace(": None)", "").replace(
        "got None", ""
    ), paragraph


def test_a_pool_of_one_thread_is_what_makes_calls_wait() -> None:
    assert "only one thread" in failure(programs_ends.asked_one_thread_one_by_one).message
    assert "only one thread" not in failure(programs_ends.asked_at_once).message
