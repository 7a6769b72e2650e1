"""What a trap is, and how one is made of the released notebook."""

from __future__ import annotations

import copy
import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = "03-races-and-locks"
FILE = "races-and-locks.ipynb"
RELEASE = ROOT / "release" / ASSIGNMENT / FILE

EXERCISES = {  # the solution cell -> its graded cells, one point each
    "counter": ("counter-all-counted", "counter-usable-after-error"),
    "ticket-desk": ("desk-never-oversold", "desk-sells-what-it-has", "desk-open-after-refusal"),
    "inventory": (
        "inventory-total-kept",
        "inventory-snapshot-consistent",
        "inventory-usable-after-error",
    ),
}
RIGHT = {
    name: (ROOT / "tests/answers" / ASSIGNMENT / name / "right/with_lock.py").read_text("utf-8")
    for name in EXERCISES
}
CARELESS = (ROOT / f"tests/answers/{ASSIGNMENT}/counter/wrong/no_lock.py").read_text("utf-8")

# Whatever a trap leaves behind has this in its name, so that a test can look for it.
MARK = "taking-turns-was-here"
PORT = 47391  # where a trap listens

# Words of what a human is told. A grader that says it otherwise changes them here.
TIME = "time"  # a limit of seconds was reached
WAITED = "stopped"  # likewise, doing nothing
MEMORY = "memory"
OUTPUT = "output"  # more was written than is kept
ENDED = "ended"  # the process was ended from inside: by exit, a signal or a crash
UNREADABLE = "the file is"  # empty, no JSON, no notebook
REACHES = "reaches for"  # the answer's text uses what no answer needs
REBINDS = "binds"  # it gives a name of Python's or of the tests another meaning
CHANGED = "changed"  # a test has another text
TAMPERED = "tampered"  # a cell has other metadata


@dataclass(frozen=True)
class Link:
    """A symbolic link that was handed in."""

    target: str


Files = dict[str, bytes | Link]
"""Path below submitted/STUDENT/ASSIGNMENT/ -> what lies there."""


Points = dict[str, float | None]
"""grade_id -> points; None stands for what cannot be said beforehand, or is left to a human."""


@dataclass(frozen=True)
class Case:
    """A submission that sets a trap.

    `expected` has the points of each graded cell that the honest part deserves; None stands for
    one that may come out either way. `reason` is a part of a remark or reason that a human must be
    told; None where nothing needs to be said beyond how the cells came out.
    """

    name: str
    why: str
    files: Callable[[bytes], Files]
    expected: Points
    reason: str | None

    def complaints(self, points: Points, told: Sequence[str]) -> list[str]:
        """Say what is wrong with a grader's answer; empty if nothing is.

        Points that are left to a human are none yet, and none lost if the human is told.
        """
        found = []
        for cell, deserved in self.expected.items():
            got = points[cell]
            left_to_a_human = got is None and (not deserved or bool(told))
            if deserved is not None and got != deserved and not left_to_a_human:
                found.append(f"{self.name}: {cell} should have {deserved}, not {got}")
        if self.reason is not None and not any(self.reason in text for text in told):
            found.append(f"{self.name}: nobody is told of {self.reason!r}, but of {[*told]}")
        return found


class Notebook:
    """The released notebook, being filled in."""

    def __init__(self, release: bytes) -> None:
        self.release = release
        self.content: dict[str, Any] = json.loads(release)
        self.cells: list[dict[str, Any]] = self.content["cells"]

    def cell(self, name: str) -> dict[str, Any]:
        """Return the cell with this id, which is also its grade_id."""
        return next(cell for cell in self.cells if cell["id"] == name)

    def graded(self) -> list[dict[str, Any]]:
        """Return the cells that give points."""
        return [cell for cell in self.cells if cell["metadata"].get("nbgrader", {}).get("grade")]

    def put(self, name: str, source: str) -> None:
        """Replace what is in a cell."""
        self.cell(name)["source"] = textwrap.dedent(source).strip()

    def before(self, name: str, source: str) -> None:
        """Write something above what is in a cell."""
        self.put(name, f"{textwrap.dedent(source).strip()}\n\n\n{_text(self.cell(name))}")

    def insert(self, before: str, source: str, **metadata: Any) -> dict[str, Any]:
        """Add a code cell."""
        cell = {
            "cell_type": "code",
            "execution_count": None,
            "id": f"own-{len(self.cells)}",
            "metadata": metadata,
            "outputs": [],
            "source": textwrap.dedent(source).strip(),
        }
        self.cells.insert(self.cells.index(self.cell(before)), cell)
        return cell

    def paste(self, name: str) -> dict[str, Any]:
        """Add a copy of a cell below it, with all its metadata, and return the copy."""
        pasted = copy.deepcopy(self.cell(name))
        self.cells.insert(self.cells.index(self.cell(name)) + 1, pasted)
        return pasted

    def remove(self, name: str) -> None:
        """Delete a cell."""
        self.cells.remove(self.cell(name))

    def text(self, *, ascii_only: bool = False) -> str:
        """Return the file's text, as JupyterLab saves it."""
        return json.dumps(self.content, indent=1, ensure_ascii=ascii_only) + "\n"

    def data(self) -> bytes:
        """Return the file."""
        return self.text().encode()


def _text(cell: dict[str, Any]) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def solved(release: bytes) -> Notebook:
    """Return the notebook with everything right."""
    notebook = Notebook(release)
    for name, answer in RIGHT.items():
        notebook.put(name, answer)
    return notebook


def points(full: float | None, *exercises: str) -> Points:
    """Return points for all graded cells of these exercises."""
    return {cell: full for name in exercises for cell in EXERCISES[name]}


Builder = Callable[[Notebook], Files | None]


def collector(cases: dict[str, Case], start: Callable[[bytes], Notebook]) -> Any:
    """Return a decorator that makes a case of a function.

    The function's name is the case's, its docstring says why. It is given a notebook, which `start`
    makes of the release, and changes it; or it returns all files that are handed in.
    """

    def trap(expected: Points, reason: str | None = None) -> Any:
        def made(build: Builder) -> Builder:
            def files(release: bytes) -> Files:
                notebook = start(release)
                handed_in = build(notebook)
                return {FILE: notebook.data()} if handed_in is None else handed_in

            name = build.__name__.replace("_", "-")
            assert name not in cases, name
            cases[name] = Case(name, build.__doc__ or "", files, expected, reason)
            return build

        return made

    return trap
