"""Schedules as short strings: only where a run leaves the default order is written down.

A *decision* is a state in which at least two threads could take the next step. The default order
lets the current thread go on while it can, and else takes the first thread that can, ordered by
path (main, its first child, that child's first child, ...). A schedule is the list of departures
from it: how many decisions follow the default first, then which of the runnable threads goes
(``a`` is the first). ``3b1a.7c1e`` reads: three default decisions, then the second thread; one
default decision, then the first; the default from there on. What follows the dot is a checksum of
the program; a leading ``~`` says that the clock was adversarial, a leading ``+`` that the workers
of pools were told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import ScheduleError

_FORM = re.compile(r"\+?(~?)((?:\d+[a-z]+)*|0)\.([0-9a-f]{4})")
_PART = re.compile(r"(\d+)([a-z]+)")


@dataclass(frozen=True)
class Departure:
    """After `gap` default decisions, the runnable thread number `rank` goes instead."""

    gap: int
    rank: int


def _letters(rank: int) -> str:
    text = ""
    while True:
        rank, digit = divmod(rank, 26)
        text = chr(97 + digit) + text
        if not rank:
            return text


def _rank(letters: str) -> int:
    rank = 0
    for letter in letters:
        rank = rank * 26 + ord(letter) - 97
    return rank


def encode(
    departures: list[Departure], fingerprint: str, clock: str, *, apart: bool = False
) -> str:
    """The schedule string of these departures for the program with this fingerprint."""
    body = "".join(f"{d.gap}{_letters(d.rank)}" for d in departures) or "0"
    signs = ("+" if apart else "") + ("~" if clock == "adversarial" else "")
    return f"{signs}{body}.{fingerprint[:4]}"


def decode(text: str, fingerprint: str) -> tuple[list[Departure], str]:
    """The departures and the clock that a schedule string names.

    Raises ScheduleError if it is malformed or belongs to another version of the program.
    """
    match = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ScheduleError(
            f"{text!r} is not a schedule. "
            "A schedule looks like '3b1a.7c1e': copy it whole from a report."
        )
    tilde, body, checksum = match.groups()
    if checksum != fingerprint[:4]:
        raise ScheduleError(
            f"the schedule {text!r} belongs to another version of this program "
            f"(its checksum is {checksum}, the program's now {fingerprint[:4]}). Explore it again."
        )
    departures = [Departure(int(gap), _rank(rank)) for gap, rank in _PART.findall(body)]
    return departures, "adversarial" if tilde else "exact"


def tells_apart(text: str) -> bool:
    """Whether a schedule string is one of a run that tells the workers of pools apart."""
    return text.strip().startswith("+")
