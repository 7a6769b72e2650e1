"""Threads that take turns: ordinary threading code, run under every schedule that matters.

`explore` tries the schedules of a program and says exactly what its verdict covers; `simulate`
runs one of them in virtual time, and `replay` one that a report named.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .engine.errors import ProgramError, ScheduleError, SimulationError, SourceError
from .engine.explore import explore, replay, simulate
from .engine.recording import Event
from .engine.results import (
    Coverage,
    Failure,
    Inconclusive,
    Interrupted,
    Presentation,
    Report,
    Run,
    ScheduleFailure,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Coverage",
    "Event",
    "Failure",
    "Inconclusive",
    "Interrupted",
    "ProgramError",
    "Report",
    "Run",
    "ScheduleError",
    "ScheduleFailure",
    "SimulationError",
    "SourceError",
    "explore",
    "replay",
    "simulate",
]


def _diagnose(run: Run, calm: Run | None) -> tuple[str | None, str | None]:
    from .diagnosis import diagnose

    try:
        return diagnose(run, calm)
    except Exception:
        return None, None  # a name is a courtesy; the verdict stands without it


def _text(run: Run) -> str:
    from .lab.text import timeline_text

    return timeline_text(run)


def _bundle(run: Run, headline: str) -> dict[str, str]:
    from .lab.timeline import display_bundle

    return display_bundle(run, headline)


def _progress(program: str) -> Callable[[tuple[int, float] | None], None] | None:
    if "IPython" not in sys.modules:
        return None  # nobody could look
    from .lab.progress import Progress

    return Progress(program)


# The engine knows nothing of the layers above it; they are loaded when a result is first shown.
Presentation.diagnose = _diagnose
Presentation.text = _text
Presentation.bundle = _bundle
Presentation.progress = _progress
