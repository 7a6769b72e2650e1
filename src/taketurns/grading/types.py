"""What passes between the processes that grade: plain data, as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Limits:
    """What one world may use; `notebook_seconds` is for all worlds of one notebook.

    Seconds are of processor time, which other load on the machine does not use up. Who waits uses
    none: it is given up when it has slept for `idle_seconds` without a break. An answer's cell
    defines what a check then runs, so a world that gets to no check is given up much sooner.
    """

    answer_seconds: float = 4.0  # until the check begins
    cell_seconds: float = 20.0  # until it ends
    notebook_seconds: float = 60.0
    idle_seconds: float = 5.0  # of wall clock
    memory: int = 1 << 29  # bytes
    processes: int = 128  # and threads
    output: int = 1 << 20  # bytes of outputs that are kept
    files: int = 64 << 20  # bytes of files


@dataclass(frozen=True)
class CellResult:
    """How one graded cell came out.

    `verdict` is "ok", one of the engine's, "exception", "stderr", "time-limit", "memory-limit",
    "crash", "not-run" or "manual".
    """

    name: str  # its grade_id
    points: float | None  # None: a human must say
    max_points: float
    verdict: str
    message: str = ""
    mistake: str | None = None
    schedule: str | None = None
    coverage: str | None = None


@dataclass(frozen=True)
class NotebookResult:
    """One notebook of a submission."""

    name: str  # without .ipynb
    notebook: dict[str, Any] | None  # nbformat 4; None if nothing was handed in
    cells: tuple[CellResult, ...]
    remarks: tuple[str, ...] = ()  # what was repaired
    reasons: tuple[str, ...] = ()  # why a human should look
    seconds: float = 0.0  # of wall clock


@dataclass(frozen=True)
class Graded:
    """One submission."""

    student: str
    assignment: str
    digest: str  # of everything that the result depends on
    timestamp: str | None  # when it was handed in, ISO 8601
    notebooks: tuple[NotebookResult, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Graded:
        """Return what `as_json` was made of."""
        notebooks = tuple(
            NotebookResult(
                **{
                    **each,
                    "cells": tuple(CellResult(**cell) for cell in each["cells"]),
                    "remarks": tuple(each["remarks"]),
                    "reasons": tuple(each["reasons"]),
                }
            )
            for each in data["notebooks"]
        )
        return cls(**{**data, "notebooks": notebooks})
