"""The masters' headings: what an exercise is called, and where what went wrong is explained."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# Where the course explains what went wrong: the assignment and a heading of it. What is missing
# here is explained wherever its exercise is.
REREAD: Mapping[str, tuple[str, str]] = {
    "accidentally-serial": ("01-first-threads", "Predict: which one takes two seconds?"),
    "barrier-lapping": ("06-barriers", "Predict: is one `wait` a day enough?"),
    "barrier-skipped": ("06-barriers", "Predict: one does not come"),
    "check-then-act": ("03-races-and-locks", "Watch: look first, then sell"),
    "check-then-block": ("07-queues", "Predict: why not ask whether it is empty?"),
    "completion-order": ("01-first-threads", "Bring the results back"),
    "daemon-killed": ("08-daemons-and-shutdown", "Predict: a daemon"),
    "exception-in-thread": ("02-thread-subclass", "Watch an error disappear"),
    "exception-swallowed": (
        "09-pools-and-exceptions",
        "Keep the error, and raise it for the caller",
    ),
    "falsy-sentinel": ("07-queues", "Watch a pill eat a letter"),
    "if-instead-of-while": ("04-rlocks-and-conditions", "Predict: `if` instead of `while`"),
    "late-binding": ("01-first-threads", "Bring the results back"),
    "limit-not-enforced": ("05-events-and-semaphores", "Predict: a semaphore each"),
    "lock-not-released": ("03-races-and-locks", "Watch an error leave the block"),
    "lock-not-shared": ("03-races-and-locks", "Repair it: a lock"),
    "lock-order": ("10-pitfalls", "Watch two threads stand still"),
    "lock-released-between-read-and-write": ("03-races-and-locks", "Repair it: a lock"),
    "lost-update": ("03-races-and-locks", "Watch an update get lost"),
    "lost-wakeup": ("04-rlocks-and-conditions", "Watch a call that nobody hears"),
    "missing-sentinel": ("07-queues", "Predict: one pill for two"),
    "missing-task-done": ("07-queues", "Predict: what does `join` wait for?"),
    "not-joined": ("01-first-threads", "Forget to join"),
    "permit-leak": ("05-events-and-semaphores", "Watch a permit disappear"),
    "pulse-missed": ("05-events-and-semaphores", "Watch a door that closes again"),
    "self-deadlock": ("04-rlocks-and-conditions", "Watch a box lock out its own keeper"),
    "sleep-as-synchronisation": ("01-first-threads", "Wait by the clock, and lose"),
    "timeout-ignored": ("05-events-and-semaphores", "Wait, but not for ever"),
    "wrong-thread-notified": ("04-rlocks-and-conditions", "Watch the wrong one wake up"),
}

_POINTS = re.compile(r" \(\d+ points?\)$")  # at the end of an exercise's heading

Key = tuple[str, str]
"""A graded cell: its notebook's name and its own."""


@dataclass(frozen=True)
class Cell:
    """A graded cell of a master."""

    key: Key
    max_points: float
    exercise: str  # the heading above it
    begins: str  # the heading where the part of the topic begins that explains it

    @property
    def name(self) -> str:
        """Its grade_id."""
        return self.key[1]


@dataclass(frozen=True)
class _Headings:
    """What the masters of an assignment say of themselves."""

    title: str
    cells: list[Cell]
    all: set[str]
    exercises: dict[Key, str]


class Topics:
    """The headings of a course, whose masters are in `source`; each is read once."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._read: dict[str, _Headings] = {}

    def title(self, assignment: str) -> str:
        """What an assignment is called in its first heading."""
        return self._of(assignment).title

    def cells(self, assignment: str, points: Mapping[Key, float]) -> tuple[Cell, ...]:
        """The graded cells that the gradebook knows, in the master's order."""
        known = {cell.key: cell for cell in self._of(assignment).cells}
        order = [key for key in known if key in points]
        return tuple(
            Cell(key, points[key], known[key].exercise, known[key].begins)
            if key in known
            else Cell(key, points[key], key[1], "")
            for key in [*order, *sorted(points.keys() - known.keys())]
        )

    def reread(self, mistake: str, assignment: str, begins: Iterable[str]) -> list[str]:
        """Where a mistake is explained: its own section, or else what leads to the exercises."""
        home, heading = REREAD.get(mistake, ("", ""))
        if home and heading in self._of(home).all:
            return [f"{self.title(home)}: “{_plain(heading)}”"]
        where = [f"{self.title(assignment)}: from “{each}” on" for each in begins if each]
        return list(dict.fromkeys(where)) or [self.title(assignment)]

    def exercises(self, assignment: str, notebook: str) -> dict[str, str]:
        """The heading above each cell of a notebook that has a grade_id, in its order."""
        found = self._of(assignment).exercises
        return {name: exercise for (of, name), exercise in found.items() if of == notebook}

    def _of(self, assignment: str) -> _Headings:
        if assignment not in self._read:
            self._read[assignment] = self._look(assignment)
        return self._read[assignment]

    def _look(self, assignment: str) -> _Headings:
        title, headings = "", set[str]()
        cells: list[Cell] = []
        exercises: dict[Key, str] = {}
        for path in sorted((self._source / assignment).glob("*.ipynb")):
            begins = exercise = ""
            asked = True  # whether there was a graded cell since the last heading
            for cell in _cells(path):
                if cell["cell_type"] == "markdown":
                    source = "".join(cell["source"])
                    for mark, text in re.findall(r"^(#+) +(.+?) *$", source, re.MULTILINE):
                        title = title or _plain(text)
                        if len(mark) > 1:
                            headings.add(text)
                            exercise = _POINTS.sub("", _plain(text))
                            begins = exercise if asked else begins
                            asked = False
                settings = cell["metadata"].get("nbgrader", {})
                key = (path.stem, str(settings.get("grade_id")))
                if settings:
                    exercises[key] = exercise or key[1]
                if settings.get("grade") or settings.get("task"):
                    if begins == exercise and cells:
                        begins = cells[-1].begins  # it follows another exercise at once
                    cells.append(Cell(key, 0.0, exercise or key[1], begins))
                    asked = True
        return _Headings(title or assignment, cells, headings, exercises)


def _cells(path: Path) -> list[Any]:
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        return [cell for cell in cells if cell["cell_type"] and cell["metadata"] is not None]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # then there are names of cells and no headings


def _plain(heading: str) -> str:
    return re.sub(r"[`*]", "", heading)
