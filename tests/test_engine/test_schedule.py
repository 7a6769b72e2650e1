"""Schedules as strings."""

from __future__ import annotations

import pytest

from taketurns.engine.errors import ScheduleError
from taketurns.engine.schedule import Departure, decode, encode, tells_apart

PRINT = "7c1e" + "0" * 60


@pytest.mark.parametrize("clock", ["exact", "adversarial"])
@pytest.mark.parametrize(
    "departures", [[], [Departure(0, 0)], [Departure(3, 1), Departure(12, 25), Departure(0, 31)]]
)
def test_a_schedule_survives_being_written_down(departures: list[Departure], clock: str) -> None:
    text = encode(departures, PRINT, clock)

    assert decode(text, PRINT) == (departures, clock)


def test_a_short_schedule_is_a_short_string() -> None:
    assert encode([Departure(3, 1), Departure(1, 0)], PRINT, "exact") == "3b1a.7c1e"


def test_a_schedule_of_another_version_of_the_program_is_refused() -> None:
    with pytest.raises(ScheduleError, match="another version"):
        decode("3b1a.0000", PRINT)


@pytest.mark.parametrize("text", ["", "abc", "3b1a", "3b1a.7c1", "b3.7c1e", "3b1a.7c1e more"])
def test_what_is_not_a_schedule_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError, match="is not a schedule"):
        decode(text, PRINT)


@pytest.mark.parametrize("clock", ["exact", "adversarial"])
def test_a_sign_tells_that_workers_are_told_apart(clock):
    text = encode([Departure(3, 1)], PRINT, clock, apart=True)

    assert text.startswith("+")
    assert tells_apart(text)
    assert not tells_apart(encode([Departure(3, 1)], PRINT, clock))
    assert ([Departure(3, 1)], clock) == decode(text, PRINT)
