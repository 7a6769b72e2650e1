"""What a notebook shows: timelines as pictures and text, sliders that redraw them, a stepper."""

from __future__ import annotations

from .puzzles import scoreboard
from .sliders import explorer, schedules
from .stepper import Stepping, stepper
from .text import timeline_text
from .timeline import display_bundle, static, timeline_svg

__all__ = [
    "Stepping",
    "display_bundle",
    "explorer",
    "schedules",
    "scoreboard",
    "static",
    "stepper",
    "timeline_svg",
    "timeline_text",
]
