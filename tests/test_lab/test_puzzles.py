"""The puzzles of `notebooks/you-are-the-scheduler`: each can be lost, and a repair proves it."""

from __future__ import annotations

import json
import linecache
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taketurns import explore
from taketurns.lab.stepper import Stepping

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "you-are-the-scheduler.ipynb"

# program: the cells that define it, the mistake that is named, the lines to repair and with what
PUZZLES: dict[str, tuple[tuple[str, ...], str | None, dict[str, str]]] = {
    "two_doors": (
        ("tally", "two-doors"),
        "lost-update",
        {
            "self.value = 0": "self.value, self.lock = 0, threading.Lock()",
            "        self.value += 1": "        with self.lock:\n            self.value += 1",
        },
    ),
    "three_doors": (
        ("tally", "three-doors"),
        "lost-update",
        {
            "self.value = 0": "self.value, self.lock = 0, threading.Lock()",
            "        self.value += 1": "        with self.lock:\n            self.value += 1",
        },
    ),
    "last_seat": (
        ("desk", "last-seat"),
        "check-then-act",
        {
            "self.left = seats": "self.left, self.lock = seats, threading.Lock()",
            "        if self.left == 0:\n            return False\n"
            "        self.left -= 1\n        return True": "        with self.lock:\n"
            "            if self.left == 0:\n                return False\n"
            "            self.left -= 1\n            return True",
        },
    ),
    "two_clerks": (
        ("account", "two-clerks"),
        "lock-order",
        {
            "    with source.lock:\n        with target.lock:": "    first, second = "
            "sorted((source, target), key=lambda account: account.number)\n"
            "    with first.lock:\n        with second.lock:",
            "def __init__(self, balance):": "def __init__(self, balance, number):\n"
            "        self.number = number",
            "Account(10), Account(10)": "Account(10, 1), Account(10, 2)",
        },
    ),
    "breakfast": (
        ("bakery", "breakfast"),
        "lost-wakeup",
        {
            "        self.bread += 1\n        with self.bell:\n": "        with self.bell:\n"
            "            self.bread += 1\n",
            "        if self.bread == 0:\n            with self.bell:\n"
            "                self.bell.wait()\n        self.bread -= 1": "        with self.bell:\n"
            "            while self.bread == 0:\n                self.bell.wait()\n"
            "            self.bread -= 1",
        },
    ),
    "film": (
        ("film",),
        "barrier-lapping",
        {
            "            seen[me].append(frames[1 - me])": "            "
            "seen[me].append(frames[1 - me])\n            both.wait()",
        },
    ),
    "callers": (
        ("telephone", "callers"),
        None,
        {
            "            if self.lock.acquire(blocking=False):": "            "
            "if self.lock.acquire():",
        },
    ),
}


@pytest.fixture(scope="module")
def cells() -> dict[str, str]:
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    return {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}


@pytest.fixture
def run(cells: dict[str, str]) -> Iterator[Any]:
    """Run the cells of a puzzle, with changes, as a notebook does; return its program."""
    made: list[str] = []

    def run(program: str, changes: dict[str, str]) -> Any:
        names: dict[str, Any] = {"__name__": "__main__"}
        code = "import threading\nimport time\n\n\n"
        code += "\n\n\n".join(cells[name] for name in PUZZLES[program][0])
        for old, new in changes.items():
            assert 1 == code.count(old), f"the cells of {program} no longer have {old!r}"
            code = code.replace(old, new)
        file = f"<puzzle {program} {len(made)}>"
        made.append(file)
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        exec(compile(code, file, "exec"), names)
        return names[program]

    yield run
    for file in made:
        linecache.cache.pop(file, None)


def test_every_puzzle_is_tried_here(cells):
    steppers = {
        source.removeprefix("stepper(").removesuffix(")").partition(",")[0]
        for source in cells.values()
        if source.startswith("stepper(")
    }

    assert set(PUZZLES) == steppers


@pytest.mark.parametrize("program", PUZZLES)
def test_a_puzzle_can_be_lost_and_the_mistake_is_named(run, program):
    failure = explore(run(program, {})).failure

    assert failure is not None
    assert failure.mistake == PUZZLES[program][1]


@pytest.mark.parametrize("program", PUZZLES)
def test_a_puzzle_can_be_stepped_to_its_loss_and_back(run, program):
    model = Stepping(run(program, {}))
    begun = model.text()

    assert model.losing()
    assert model.state.verdict not in ("ok", "inconclusive")
    while model.can_undo:
        model.undo()
    assert begun == model.text()


@pytest.mark.parametrize("program", PUZZLES)
def test_a_puzzle_can_also_go_well(run, program):
    model = Stepping(run(program, {})).skip()
    draw = random.Random(7)
    endings: list[str | None] = []
    while "ok" not in endings and len(endings) < 40:
        model.reset()
        while not model.state.over:
            model.step(draw.randrange(len(model.state.choices)))
        endings.append(model.state.verdict)

    assert "ok" in endings


@pytest.mark.parametrize("program", PUZZLES)
def test_a_repaired_puzzle_is_proved(run, program):
    report = explore(run(program, PUZZLES[program][2])).check()

    assert report.coverage.complete
