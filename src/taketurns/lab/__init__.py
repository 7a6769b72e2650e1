"""What a notebook shows: timelines of runs as pictures and text, and sliders that redraw them."""

from __future__ import annotations

from .sliders import explorer, schedules
from .text import timeline_text
from .timeline import display_bundle, static, timeline_svg

__all__ = [
    "display_bundle",
    "explorer",
    "schedules",
    "static",
    "timeline_svg",
    "timeline_text",
]
