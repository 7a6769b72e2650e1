"""Programs from the literature: the right ones hold, the wrong ones are refused and not misnamed.

Every function of `literature/right_*.py` and `literature/wrong_*.py` that is marked with `@right`
or `@wrong` is a program. A right one must hold under every schedule, and the search must come to
its end. A wrong one must be refused with the verdict it says; if a mistake is named, it must be a
true one.
"""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

import pytest

from taketurns import explore
from taketurns.diagnosis import MISTAKES

FOLDER = Path(__file__).parent / "literature"
BUDGET = 40_000  # steps: a program that needs more is too big for this folder

# What is judged wrongly today: the program, with its clock where it matters, and why.
NOT_DECIDED: dict[tuple[str, ...], str] = {}
NOT_REFUSED: dict[tuple[str, ...], str] = {}
MISNAMED: dict[tuple[str, ...], str] = {}


def programs(kind):
    """The programs of `literature/{kind}_*.py` by name."""
    found = {}
    for path in sorted(FOLDER.glob(f"{kind}_*.py")):
        module = importlib.import_module(f".literature.{path.stem}", __package__)
        for name, value in vars(module).items():
            if hasattr(value, "expected"):
                assert name not in found, f"two programs are called {name}"
                found[name] = value
    return found


RIGHT = programs("right")
WRONG = programs("wrong")


def case(known, *key):
    """A case for pytest, expected to fail if it is among those `known` to."""
    reason = known.get(key) or known.get(key[:1])
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    if reason and known is NOT_DECIDED:
        marks.append(pytest.mark.slow)  # being undecided takes long
    return pytest.param(*key, marks=marks, id="-".join(key))


@functools.cache
def report_of(name):
    """What exploring a wrong program finds."""
    program = WRONG[name]
    (clock,) = program.expected["clocks"]
    return explore(program, clock=clock, budget=BUDGET)


@pytest.mark.parametrize(
    "name, clock",
    [
        case(NOT_DECIDED, name, clock)
        for name, program in RIGHT.items()
        for clock in program.expected["clocks"]
    ],
)
def test_a_right_program_holds_under_every_schedule(name, clock):
    report = explore(RIGHT[name], clock=clock, budget=BUDGET)

    assert report.check() is report
    assert report.coverage.complete or report.coverage.fair


@pytest.mark.parametrize("name", [case(NOT_REFUSED, name) for name in WRONG])
def test_a_wrong_program_is_refused(name):
    expected = WRONG[name].expected
    report = report_of(name)

    assert expected["verdict"] == report.verdict, report.explain()


@pytest.mark.parametrize("name", [case(MISNAMED, name) for name in WRONG])
def test_a_wrong_program_is_not_misnamed(name):
    failure = report_of(name).failure
    named = failure.mistake if failure is not None else None

    # that its first schedule fails is true of any mistake, and told where no name is sure
    true = {None, "wrong-without-preemption", *WRONG[name].expected["mistakes"]}
    assert named in true, failure.message


def test_there_are_enough_programs_of_each_kind():
    assert len(RIGHT) >= 32
    assert len(WRONG) >= 32


def test_every_program_says_what_it_shows_and_where_it_is_from():
    for name, program in {**RIGHT, **WRONG}.items():
        line = program.__doc__ or ""
        assert "\n" not in line, name
        assert line.startswith(SOURCES), f"{name}: {line}"


def test_expected_mistakes_are_known_ones():
    assert {m for program in WRONG.values() for m in program.expected["mistakes"]} <= MISTAKES


def test_what_is_known_to_fail_is_the_name_of_a_program():
    assert {key[0] for key in NOT_DECIDED} <= RIGHT.keys()
    assert {key[0] for key in [*NOT_REFUSED, *MISNAMED]} <= WRONG.keys()


SOURCES = (
    "JCIP ",
    "LeetCode ",
    "Little Book ",
    "OSTEP ",
    "Python FAQ, ",
    "Python docs, ",
    "Stack Overflow, ",
)
