"""`taketurns try`: one answer against the visible and hidden tests of its exercise.

The answer takes the place of the notebook's solution cell.  With it run the graded cells that
follow it, up to the next exercise, and of the cells before them only those that these need: cells
of imports, and cells that bind a name that the answer or the tests use.  So a lesson's sliders,
pictures and real-time demonstrations are not run.

The cells run in a process of their own, in the order of the notebook and in one namespace, as a
kernel would run them.  A cell that hangs, or ends the process, loses its own points; the cells
after it are run in a new process.
"""

from __future__ import annotations

import json
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._exercise import (
    UnknownCellError,
    names_defined,
    read_cells,
    solution_cell,
    steps_of,
    unsolved,
)
from ._running import run_steps
from .errors import CourseError

if TYPE_CHECKING:
    from ._exercise import Step
    from ._running import Frame

__all__ = ["CellResult", "Outcome", "read_answer", "try_answer", "try_command", "unsolved"]


@dataclass(frozen=True)
class CellResult:
    """How one graded cell ended.

    `verdict` is the engine's where a check failed; else "ok", "assertion", "exception", "stderr"
    (the cell wrote there), "time-limit" or "crash" (the cell ended the process).
    """

    id: str
    points: float
    max_points: float
    passed: bool
    verdict: str
    mistake: str | None = None
    message: str = ""
    schedule: str | None = None
    coverage: str | None = None
    steps: str | None = None  # the losing schedule, step by step

    def as_json(self) -> dict[str, Any]:
        """Return the machine form: everything but the steps."""
        return {
            "id": self.id,
            "points": self.points,
            "max_points": self.max_points,
            "passed": self.passed,
            "verdict": self.verdict,
            "mistake": self.mistake,
            "message": self.message,
            "schedule": self.schedule,
            "coverage": self.coverage,
        }


@dataclass(frozen=True)
class Outcome:
    """What an answer got: one result for each graded cell of its exercise."""

    notebook: str
    answer: str
    exercise: str  # grade_id of the solution cell that the answer replaced
    cells: tuple[CellResult, ...]
    note: str | None = None  # what the answer's own cell raised, if anything

    @property
    def points(self) -> float:
        """The points got."""
        return sum(cell.points for cell in self.cells)

    @property
    def max_points(self) -> float:
        """The points that could be got."""
        return sum(cell.max_points for cell in self.cells)

    @property
    def full_marks(self) -> bool:
        """Whether every graded cell passed."""
        return all(cell.passed for cell in self.cells)

    def as_json(self) -> dict[str, Any]:
        """Return the machine form, which is the same in every run of the same answer."""
        return {
            "notebook": self.notebook,
            "answer": self.answer,
            "exercise": self.exercise,
            "points": self.points,
            "max_points": self.max_points,
            "problem": self.note,
            "cells": [cell.as_json() for cell in self.cells],
        }


def try_answer(
    notebook: Path,
    answer: str,
    *,
    cell: str | None = None,
    name: str = "answer.py",
    student: str | None = None,
) -> Outcome:
    """Run the tests of one exercise against an answer.

    Args:
        notebook: a master or a release notebook (a release has no hidden tests).
        answer: the text that takes the place of the solution cell.
        cell: grade_id of that cell; None for the one whose names the answer defines.
        name: what messages call the answer.
        student: whose numbers the hidden tests draw; None for those of this process.

    Raises CourseError if the notebook cannot be read, or the answer is not Python, or does not
    define what the exercise asks for, or may belong to several exercises.
    """
    cells = read_cells(notebook)
    names = names_defined(answer, name)
    solution = solution_cell(cells, names, cell, notebook=str(notebook), answer=name)
    steps = steps_of(cells, solution, answer, name)
    frames, note = run_steps(steps, notebook.resolve().parent, str(notebook), student)
    graded = [step for step in steps if step.role == "graded"]
    return Outcome(
        notebook=notebook.as_posix(),
        answer=name,
        exercise=solution.name,
        cells=tuple(_result(step, frame) for step, frame in zip(graded, frames, strict=True)),
        note=note,
    )


def _result(step: Step, frame: Frame) -> CellResult:
    passed = frame["verdict"] == "ok"
    return CellResult(
        id=step.name,
        points=step.points if passed else 0,
        max_points=step.points,
        passed=passed,
        verdict=frame["verdict"],
        mistake=frame.get("mistake"),
        message=frame["message"],
        schedule=frame.get("schedule"),
        coverage=frame.get("coverage"),
        steps=frame.get("steps"),
    )


def read_answer(path: Path) -> str:
    """Return the text of an answer file; raises CourseError if there is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CourseError(
            f"{path}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8; "
            "save the file with the encoding UTF-8"
        ) from error


@click.command("try")
@click.argument("notebook", type=click.Path(path_type=Path))
@click.argument("answer", type=click.Path(path_type=Path))
@click.option(
    "--cell",
    metavar="GRADE_ID",
    help="The solution cell to replace (otherwise the one whose names the answer defines).",
)
@click.option("--steps", is_flag=True, help="Show each losing schedule step by step.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object, for machines.")
@click.pass_context
def try_command(
    context: click.Context,
    *,
    notebook: Path,
    answer: Path,
    cell: str | None,
    steps: bool,
    as_json: bool,
) -> None:
    """Try an answer against an exercise's visible and hidden tests.

    ANSWER takes the place of the solution cell of NOTEBOOK, a master or a release.
    The exit status is 0 at full marks and 1 otherwise.
    """
    try:
        outcome = try_answer(notebook, read_answer(answer), cell=cell, name=answer.as_posix())
    except UnknownCellError as error:
        raise click.BadParameter(str(error), context, param_hint="'--cell'") from error
    except CourseError as error:
        if not as_json:
            raise click.ClickException(str(error)) from error
        outcome = Outcome(notebook.as_posix(), answer.as_posix(), cell or "", (), str(error))
        _write_json(outcome)
        context.exit(1)
    if as_json:
        _write_json(outcome)
    else:
        _write_text(outcome, steps=steps)
    context.exit(0 if outcome.full_marks else 1)


def _write_json(outcome: Outcome) -> None:
    click.echo(json.dumps(outcome.as_json(), indent=2))


def _write_text(outcome: Outcome, *, steps: bool) -> None:
    _write(f"{outcome.answer}, as cell {outcome.exercise} of {outcome.notebook}")
    if outcome.note:
        _write(outcome.note)
    width = max(len(cell.id) for cell in outcome.cells)
    for cell in outcome.cells:
        mark, colour = ("✓", "green") if cell.passed else ("✗", "red")
        says = cell.coverage if cell.passed else cell.mistake or cell.verdict
        points = f"{cell.points:g}/{cell.max_points:g}"
        _write(f"{mark} {cell.id:{width}}  {points}  {says or ''}".rstrip(), colour)
        text = cell.steps if steps and cell.steps else cell.message
        if text:
            _write(textwrap.indent(text, "    "))
    _write(f"{outcome.points:g} of {outcome.max_points:g} points")


def _write(text: str, colour: str | None = None) -> None:
    """Write a line, coloured on a terminal, with what its encoding lacks replaced."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("✓", "+").replace("✗", "x")
        text = text.encode(encoding, "replace").decode(encoding)
    click.secho(text, fg=colour)
